"""What a run hands over: a workbook, a page, and tables for programs, all from the same figures."""
