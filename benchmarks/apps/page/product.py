"""The row, for Django's ORM."""

from django.db import models


class Product(models.Model):
    title = models.TextField()
    cents = models.IntegerField()

    class Meta:
        app_label = "page"
        db_table = "products"
        managed = False
