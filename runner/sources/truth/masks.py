"""Masks as PNG files: a folder with one for each image, black and white or with a number a label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from runner.apart import Crashed, apart
from runner.sources.opening import Unreadable, open_file
from runner.sources.truth.by_image import ByImage, Entry, Unusable
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.names import Named
from runner.sources.truth.stems import names_in
from runner.values.geometry import Size
from runner.values.result import Detection, ResultImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VOID = 255
"""The value of pixels that nobody has decided about, in a mask with numbers (Pascal VOC)."""

MOST_VALUES = 64
"""So many things may a mask without names hold before it is looked at for a photograph."""

MOST_PIXELS = 100_000_000


@dataclass(frozen=True, slots=True)
class MaskFiles:
    """Pixels of 0 are background. Where the others are all 1, or all 255, they are one thing;
    otherwise each value is one. `labels` are the names of the values."""

    file: Path
    labels: Mapping[int, str] = field(default_factory=dict)
    within: Path | None = None

    def open(self, flaws: Flaws) -> ByImage:
        """Lists the folder; no mask is read before its image is asked about. Raises
        `Unreadable`."""
        names = names_in(self.file, ".png")
        return ByImage(f"{self.file.name}/", names, self._things)

    def _things(
        self, named: Named, image: ResultImage
    ) -> Iterator[tuple[Entry, tuple[Detection, ...]]]:
        import numpy as np

        from runner.postprocess.masks import mask_of
        from runner.postprocess.rle import from_bits

        pixels = self._pixels(named.info, image)
        if not self.labels and _is_photograph(pixels):
            raise Unusable(
                f"{named.info} looks like a photograph: in a mask, most pixels have one of a few"
                " values (if each of its values is meant, name them under `classes`)"
            )
        size = Size(pixels.shape[1], pixels.shape[0])
        values = [int(value) for value in np.unique(pixels) if value != 0]
        if values not in ([1], [VOID]):
            values = [value for value in values if value != VOID or VOID in self.labels]
        for value in values:
            mask = mask_of(from_bits(pixels == value, 0, 0, size), "png")
            at = f"{named.info}, value {value}"
            yield Detection(at, self.labels.get(value), mask.tight_box, mask=mask), ()

    def _pixels(self, name: str, image: ResultImage) -> NDArray[np.generic]:
        try:
            return apart(str(self.file / name), _values, self.file, name, self.within, image)
        except Crashed as error:
            raise Unusable(f"{name} cannot be read: {error}") from error


def _is_photograph(pixels: NDArray[np.generic]) -> bool:
    """Whether so many of 256 values occur, and so evenly, that nobody can have drawn them."""
    import numpy as np

    if pixels.dtype != np.uint8:
        return False
    counts = np.bincount(pixels.ravel(), minlength=256)
    return bool((counts > 0).sum() > MOST_VALUES and np.sort(counts)[-2:].sum() < pixels.size / 2)


def _values(
    folder: Path, name: str, within: Path | None, image: ResultImage
) -> NDArray[np.generic]:
    """The number of each pixel. Raises `Unusable`."""
    import numpy as np
    from PIL.PngImagePlugin import PngImageFile

    try:
        with open_file(folder / name, within) as stream:
            png = PngImageFile(stream)
            _check_size(Size(*png.size), name, image)
            if png.mode not in ("1", "L", "P", "I;16", "I"):
                raise Unusable(f"{name} has colours; a mask has one value for each pixel")
            return np.asarray(png.convert("L") if png.mode == "1" else png)
    except Unusable:
        raise
    except (Unreadable, OSError) as error:
        raise Unusable(f"{name} cannot be read: {error}") from error
    except Exception as error:  # Pillow's decoders raise many kinds on broken bytes
        raise Unusable(f"{name} is no PNG file that can be read") from error


def _check_size(size: Size, name: str, image: ResultImage) -> None:
    """Raises `Unusable` for a mask of another size than its image."""
    if size.area > MOST_PIXELS:
        raise Unusable(f"{name} has more than {MOST_PIXELS / 1e6:.0f} megapixels")
    if image.size is None or size == image.size:
        return
    turned = image.orientation >= 5 and size == Size(image.size.height, image.size.width)
    why = "; it was drawn without the turn that the image's EXIF data tell" if turned else ""
    raise Unusable(
        f"{name} has {size.width} × {size.height} pixels, and `{image.name}`"
        f" {image.size.width} × {image.size.height}{why}"
    )
