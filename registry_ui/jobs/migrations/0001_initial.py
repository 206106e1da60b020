
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
            name='Lease',
            fields=[
                ('name', models.CharField(max_length=100, primary_key=True, serialize=False)),
                ('owner', models.CharField(max_length=200)),
                ('until', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('log', 'Log a model'), ('load', 'Load a model'), ('train', 'Train a demo model')], max_length=20)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('succeeded', 'Succeeded'), ('failed', 'Failed'), ('timed_out', 'Timed Out'), ('cancelled', 'Cancelled')], default='queued', max_length=20)),
                ('payload', models.JSONField(default=dict)),
                ('target', models.CharField(blank=True, max_length=500)),
                ('idempotency_key', models.CharField(max_length=300, null=True, unique=True)),
                ('payload_hash', models.CharField(blank=True, max_length=64)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('max_attempts', models.PositiveIntegerField(default=3)),
                ('fence', models.PositiveBigIntegerField(default=0)),
                ('owner', models.CharField(blank=True, max_length=200)),
                ('lease_until', models.DateTimeField(null=True)),
                ('not_before', models.DateTimeField(null=True)),
                ('dispatched_at', models.DateTimeField(null=True)),
                ('deadline', models.DateTimeField(null=True)),
                ('cancel_requested_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('stage', models.CharField(blank=True, max_length=100)),
                ('progress_done', models.BigIntegerField(null=True)),
                ('progress_total', models.BigIntegerField(null=True)),
                ('progress_unit', models.CharField(blank=True, max_length=20)),
                ('result', models.JSONField(null=True)),
                ('error', models.JSONField(null=True)),
                ('log', models.TextField(blank=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='jobs', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-created_at', '-id'),
                'indexes': [models.Index(fields=['-created_at', '-id'], name='job_newest'), models.Index(fields=['state', 'lease_until'], name='job_state_lease'), models.Index(fields=['target', '-created_at'], name='job_target')],
            },
        ),
    ]
