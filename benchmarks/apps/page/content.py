"""What the page shows: a name from the session, a row of the database, ten rows."""

NAME = "Ada & Grace <admins>"
PRODUCTS = [(number, f"Product <{number}>", number * 100) for number in range(1, 101)]
ROWS = [{"sku": f"S-{number:03}", "stock": number * 3} for number in range(1, 11)]
KEY = "only-for-the-benchmark-never-used-for-anything-real"
