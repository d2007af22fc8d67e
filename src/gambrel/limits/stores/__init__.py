"""Where counts are kept."""
