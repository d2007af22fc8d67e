"""The OpenAPI document of an app, and the page that shows it.

Works from the plain description the door hands over. It knows no binding and no
routing.
"""
