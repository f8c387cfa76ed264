"""Rule packs as a spreadsheet, there and back without loss."""
