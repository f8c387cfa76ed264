# What `make test` does on Linux, without the tests that start a sound server or drive a browser.
& "$PSScriptRoot\setup.ps1" test
if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
Set-Location (Split-Path -Parent $PSScriptRoot)
& ".venv\Scripts\python.exe" -m pytest -m "not sound_server and not browser" @args
exit $LASTEXITCODE
