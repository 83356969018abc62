"""Conan recipe of libcopilot: built from source by cargo.

    conan create ffi/conan

needs Rust. The options `shared` and `fPIC` are the usual ones.
"""

from pathlib import Path

from conan import ConanFile
from conan.tools.files import copy, load


class Copilot(ConanFile):
    name = "copilot"
    license = "MIT"
    url = "https://github.com/copilot-native/copilot-native"
    description = "The GitHub Copilot agent runtime from C and C++"
    topics = ("copilot", "agent", "ffi")
    package_type = "library"
    settings = "os", "compiler", "build_type", "arch"
    # Conan reads these of the class.
    options = {"shared": [True, False], "fPIC": [True, False]}  # noqa: RUF012
    default_options = {"shared": True, "fPIC": True}  # noqa: RUF012

    @property
    def _root(self):
        return Path(self.recipe_folder).parents[1]

    def set_version(self):
        manifest = load(self, str(Path(self.recipe_folder).parents[1] / "Cargo.toml"))
        section = manifest.split("[workspace.package]")[1]
        self.version = section.split('version = "')[1].split('"')[0]

    def export_sources(self):
        for folder in ("core", "ffi", "include", "bindings", "xtask", "tests", "examples", ".cargo"):
            copy(
                self,
                "*",
                str(self._root / folder),
                str(Path(self.export_sources_folder) / folder),
                excludes=("*node_modules*", "*/target/*", "*/dist/*", "*.node", "*__pycache__*"),
            )
        for name in ("Cargo.toml", "Cargo.lock", "LICENSE"):
            copy(self, name, str(self._root), self.export_sources_folder)

    @property
    def _profile(self):
        return "dev" if self.settings.build_type == "Debug" else "release"

    def build(self):
        target = Path(self.build_folder) / "target"
        self.run(
            f'cargo build --package copilot-ffi --lib --profile {self._profile} --target-dir "{target}"',
            cwd=self.source_folder,
        )

    def package(self):
        built = Path(self.build_folder) / "target" / ("debug" if self._profile == "dev" else "release")
        lib = str(Path(self.package_folder) / "lib")
        copy(self, "LICENSE", self.source_folder, str(Path(self.package_folder) / "licenses"))
        include = str(Path(self.source_folder) / "include")
        copy(self, "*", include, str(Path(self.package_folder) / "include"))
        if not self.options.shared:
            copy(self, "*copilot.a", str(built), lib, keep_path=False)
            copy(self, "copilot.lib", str(built), lib, keep_path=False)
            static = Path(lib) / "libcopilot.a"
            if self.settings.os == "Linux":
                # Only its own functions are seen, so that other libraries in Rust may be linked beside it.
                self.run(f'"{Path(self.source_folder) / "ffi" / "seal.sh"}" "{static}" "{static}"')
            return
        for pattern in ("libcopilot.so", "libcopilot.dylib", "copilot.dll.lib"):
            copy(self, pattern, str(built), lib, keep_path=False)
        copy(self, "copilot.dll", str(built), str(Path(self.package_folder) / "bin"), keep_path=False)
        shared = Path(lib) / "libcopilot.so"
        if shared.exists():
            # Programs look for the name with the major version.
            shared.rename(f"{shared}.{self.version}")
            (Path(lib) / f"libcopilot.so.{self.version.split('.')[0]}").symlink_to(f"libcopilot.so.{self.version}")
            shared.symlink_to(f"libcopilot.so.{self.version.split('.')[0]}")

    def package_info(self):
        self.cpp_info.libs = ["copilot"]
        self.cpp_info.set_property("cmake_file_name", "Copilot")
        self.cpp_info.set_property("cmake_target_name", "Copilot::copilot")
        self.cpp_info.set_property("pkg_config_name", "copilot")
        if not self.options.shared and self.settings.os == "Linux":
            self.cpp_info.system_libs = ["gcc_s", "util", "rt", "pthread", "m", "dl"]
