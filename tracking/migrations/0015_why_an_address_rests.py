from django.db import migrations, models


def keep_what_was_said(apps, schema_editor):
    """Reasons were free words; they become one of four, and the words are kept beside."""
    contacts = apps.get_model("tracking", "Contact").objects.exclude(disabled_because="")
    contacts.update(disabled_after=models.F("disabled_because"))
    contacts.filter(disabled_because="stopped by the reader").update(disabled_because="stopped", disabled_after="")
    contacts.exclude(disabled_because="stopped").update(disabled_because="refuses")


class Migration(migrations.Migration):
    dependencies = [("tracking", "0014_orders_by_address")]

    operations = [
        migrations.AddField(
            "subscriber", "new_orders", models.BooleanField(default=True, verbose_name="new orders too")
        ),
        migrations.AddField(
            "subscriber", "calendar", models.BooleanField(default=False, verbose_name="a calendar file comes along")
        ),
        migrations.AddField(
            "contact",
            "disabled_after",
            models.CharField(blank=True, max_length=300, verbose_name="what the other side said"),
        ),
        migrations.RunPython(keep_what_was_said, migrations.RunPython.noop),
        migrations.AlterField(
            "contact",
            "disabled_because",
            models.CharField(
                blank=True,
                choices=[
                    ("stopped", "You stopped the messages."),
                    ("gone", "Messages cannot reach it: it seems not to exist any more."),
                    ("refuses", "It refused our messages several times."),
                    ("bounced", "Our messages came back."),
                ],
                max_length=12,
                verbose_name="why it is disabled",
            ),
        ),
    ]
