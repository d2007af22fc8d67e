"""django-bolt's Django side has no pages."""

urlpatterns = []
