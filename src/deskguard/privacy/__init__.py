"""What must not be kept: redaction before storage."""
