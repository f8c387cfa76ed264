"""What a desk tells the hall: what may be told, kept until it has arrived, sent in order."""
