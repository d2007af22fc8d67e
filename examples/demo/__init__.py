"""The demo platform: what Gambrel is, a running example for each of seven frameworks, the guide."""
