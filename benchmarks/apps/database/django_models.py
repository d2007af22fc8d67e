"""The tables, for Django's ORM."""

from data import EXTRA, any_id, some_ids
from django.db import models, transaction


class World(models.Model):
    id = models.IntegerField(primary_key=True)
    randomnumber = models.IntegerField()

    class Meta:
        app_label = "bench"
        db_table = "world"
        managed = False

    def shown(self):
        return {"id": self.id, "randomNumber": self.randomnumber}


class Fortune(models.Model):
    id = models.IntegerField(primary_key=True)
    message = models.CharField(max_length=200)

    class Meta:
        app_label = "bench"
        db_table = "fortune"
        managed = False


def row():
    return World.objects.get(id=any_id()).shown()


def rows(queries):
    return [World.objects.get(id=key).shown() for key in some_ids(queries)]


def fortunes():
    found = [*Fortune.objects.all(), Fortune(id=0, message=EXTRA)]
    found.sort(key=lambda one: one.message)
    return {"fortunes": found}


@transaction.atomic
def updates(queries):
    found = [World.objects.get(id=key) for key in some_ids(queries)]
    for one in found:
        one.randomnumber = any_id()
    World.objects.bulk_update(found, ["randomnumber"])
    return [one.shown() for one in found]
