"""Names of the package are found when they are asked for, which PyInstaller cannot see: it takes all modules."""

from PyInstaller.utils.hooks import collect_submodules, copy_metadata  # type: ignore

hiddenimports = collect_submodules("copilot", filter=lambda name: not name.startswith("copilot._pyinstaller"))
datas = copy_metadata("copilot-native")
