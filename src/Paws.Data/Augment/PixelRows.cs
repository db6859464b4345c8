using Paws.Data.Datasets;

namespace Paws.Data.Augment;

/// <summary>
/// Decoded pixels as they lie in memory: rows from the top without gaps, of 3 bytes a pixel, or of 4, the last of which means nothing.
/// An image may have been decoded at a part of its size; crops are drawn on the full one, so that chance does not depend on it.
/// </summary>
internal readonly ref struct PixelRows
{
    /// <summary>A whole image.</summary>
    public PixelRows(RgbImage image)
        : this(image.Pixels.Span, 3, image.Width, image.Height, 1) { }

    /// <summary>An image decoded at 1 / <paramref name="reduction"/> of its size.</summary>
    public PixelRows(ReadOnlySpan<byte> pixels, int bytesPerPixel, int fullWidth, int fullHeight, int reduction)
    {
        Pixels = pixels;
        (BytesPerPixel, FullWidth, FullHeight, Reduction) = (bytesPerPixel, fullWidth, fullHeight, reduction);
        (Width, Height) = ((fullWidth + reduction - 1) / reduction, (fullHeight + reduction - 1) / reduction);
    }

    /// <summary>Width · Height · BytesPerPixel bytes, or more.</summary>
    public ReadOnlySpan<byte> Pixels { get; }

    /// <summary>3 or 4.</summary>
    public int BytesPerPixel { get; }

    /// <summary>Pixels in a row of the full image.</summary>
    public int FullWidth { get; }

    /// <summary>Rows of the full image.</summary>
    public int FullHeight { get; }

    /// <summary>How many pixels of the full image one pixel here stands for, along each axis: 1, 2, 4 or 8.</summary>
    public int Reduction { get; }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }
}
