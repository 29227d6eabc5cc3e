"""What all HTML pages have in common: their look, the words of others in them, and that they load nothing."""
