"""What the settings say to somebody who takes the installation out of use."""

from m365_restrict.cli.leaving_facts import permissions_undo, shared_applications
from settings.load import load_settings

_OWN = {
    "REGISTER__SITE": "ash.sharepoint.example:/sites/restrict",
    "POLICY__APPROVERS": "director@ash.example",
    "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
    "OWNERSHIP__INSTANCE_ID": "ash",
    "AUTH__TENANT_ID": "tenant-of-ash",
    "AUTH__WRITER__CLIENT_ID": "writer-of-ash",
}


def put(file, settings):
    file.write_text("".join(f"M365_RESTRICT_{name}={value}\n" for name, value in settings.items()))
    return file


def test_an_application_that_councils_share_is_not_deleted_with_one_of_them(tmp_path):
    put(tmp_path / "_shared.env", {"AUTH__READER__CLIENT_ID": "reader-of-all"})
    settings = load_settings({}, put(tmp_path / "ash.env", _OWN))
    lines = {line.split()[0]: line for line in permissions_undo(settings)}
    assert shared_applications(settings) == ("reader",)
    assert "-DeleteApplication" not in lines["./Remove-ReaderApplication.ps1"]
    assert lines["./Remove-WriterApplication.ps1"].endswith(" -DeleteApplication")


def test_an_application_of_the_council_alone_is_deleted(tmp_path):
    settings = load_settings({}, put(tmp_path / "ash.env", _OWN))
    assert shared_applications(settings) == ()
    assert all(line.endswith(" -DeleteApplication") for line in permissions_undo(settings)[1:])
