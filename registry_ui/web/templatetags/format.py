"""Numbers, times and states as people read them."""

from django import template

register = template.Library()
