
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Prediction',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('model_uri', models.CharField(db_index=True, max_length=500)),
                ('model_name', models.CharField(blank=True, max_length=300)),
                ('model_version', models.CharField(blank=True, max_length=50)),
                ('task', models.CharField(max_length=100)),
                ('rows', models.JSONField()),
                ('params', models.JSONField(default=dict)),
                ('outcome', models.JSONField(null=True)),
                ('error', models.JSONField(null=True)),
                ('timing_ms', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
