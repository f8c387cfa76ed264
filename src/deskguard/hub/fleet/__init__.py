"""Rules and settings of all desks: kept in versions, tried, signed, published to windows, pulled by desks."""
