"""Disks that can be full, and folders that cannot be written."""

import resource
import subprocess
import tempfile

KIB = 1024


def mount(*arguments):
    return subprocess.run(["mount", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def unmount(folder):
    # Lazily: a gnuplot that outlived its octet may still have a file open.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def can_mount():
    with tempfile.TemporaryDirectory() as folder:
        if not mount("-t", "tmpfs", "tmpfs", folder):
            return False
        unmount(folder)
        return True


class MountedDisk:
    """A file system in memory that has room for so many bytes, or for so many files."""

    reasons = ("No space left on device",)

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        mount("-t", "tmpfs", "tmpfs", str(folder))

    def shrink(self, kibibytes=None, files=None):
        room = f"size={kibibytes}k" if kibibytes else f"nr_inodes={files}"
        return mount("-o", f"remount,{room}", str(self.folder))

    def grow(self):
        mount("-o", "remount,size=64m,nr_inodes=100000", str(self.folder))

    def limit(self):
        return None

    def close(self):
        unmount(self.folder)


class FileSizeLimit:
    """Where nothing can be mounted: no file may become larger than so many bytes."""

    reasons = ("File too large",)

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.bytes = resource.RLIM_INFINITY

    def shrink(self, kibibytes=None, files=None):
        self.bytes = kibibytes * KIB
        return True

    def grow(self):
        self.bytes = resource.RLIM_INFINITY

    def limit(self):
        limits = (self.bytes, resource.RLIM_INFINITY)
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    def close(self):
        pass
