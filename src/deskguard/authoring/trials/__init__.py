"""Words and recordings judged by the rules, to see what they do."""
