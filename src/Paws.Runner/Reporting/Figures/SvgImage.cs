using SkiaSharp;
using Svg.Skia;

namespace Paws.Runner.Reporting.Figures;

/// <summary>Drawings as pictures, for places that show no SVG.</summary>
public static class SvgImage
{
    /// <summary>
    /// What to tell a person where this machine has no font, and null where it has one. Without a font <see cref="ToPng"/> still
    /// draws everything but the text.
    /// </summary>
    public static string? MissingFont =>
        Fonts.Installed.None
            ? "no font was found: the PNG files have no text (the SVG files do); install fonts-dejavu-core (Debian, Ubuntu) or dejavu-sans-fonts (Fedora) and draw again"
            : null;

    /// <summary>
    /// An SVG drawing as PNG, its background included. Text is drawn with an installed font, DejaVu Sans before others; where there
    /// is none, text is missing (see <see cref="MissingFont"/>).
    /// </summary>
    /// <param name="svg">A whole SVG file, with a width and a height.</param>
    /// <param name="scale">Pixels for each drawing unit, in (0, 16]; 2 for screens of today.</param>
    /// <exception cref="ArgumentOutOfRangeException">The scale is out of its range.</exception>
    /// <exception cref="FormatException">The text is not an SVG drawing, or one without area.</exception>
    public static byte[] ToPng(string svg, double scale)
    {
        if (!(scale > 0 && scale <= 16))
        {
            throw new ArgumentOutOfRangeException(nameof(scale), FormattableString.Invariant($"scale must be in (0, 16], got {scale}"));
        }
        using var drawing = new SKSvg();
        drawing.Settings.TypefaceProviders = [Fonts.Installed];
        SKPicture picture = Read(drawing, svg);
        int width = (int)Math.Ceiling(picture.CullRect.Width * scale),
            height = (int)Math.Ceiling(picture.CullRect.Height * scale);
        if (width < 1 || height < 1)
        {
            throw new FormatException("an SVG drawing with a width and a height is needed");
        }
        using SKSurface surface = SKSurface.Create(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Premul));
        surface.Canvas.Scale((float)scale);
        surface.Canvas.DrawPicture(picture);
        using SKImage image = surface.Snapshot();
        using SKData png = image.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    private static SKPicture Read(SKSvg drawing, string svg)
    {
        try
        {
            return drawing.FromSvg(svg) ?? throw new FormatException("this is not an SVG drawing");
        }
        catch (System.Xml.XmlException error)
        {
            throw new FormatException($"this is not an SVG drawing: {error.Message}", error);
        }
    }
}
