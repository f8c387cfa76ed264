"""The hall's pages: layout, language, static files."""
