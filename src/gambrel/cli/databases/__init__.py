"""Commands about the database of an app: `gambrel db COMMAND TARGET`."""
