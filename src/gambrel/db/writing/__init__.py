"""What is seen to as sessions write: rules, constraints, forms, files. Knows no session itself."""
