"""What desks report: taken in, counted, shown as it comes, passed on and exported."""
