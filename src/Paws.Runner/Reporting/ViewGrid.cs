using System.Text;
using SkiaSharp;
using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting;

/// <summary>Views as the network sees them: one row an image, one column a view, each at a size in proportion to its own.</summary>
internal sealed class ViewGrid(IReadOnlyList<IReadOnlyList<ViewPicture>> rows)
{
    private const int LargestOnPage = 112;

    public bool IsEmpty => rows.Count == 0 || rows.All(r => r.Count == 0);

    private int Largest => rows.SelectMany(r => r).Max(v => v.Size);

    /// <summary>A table of PNG data URIs, the captions of the first row as its head.</summary>
    public string ToHtml()
    {
        double scale = LargestOnPage / (double)Largest;
        var html = new StringBuilder("<div class=\"scroll\"><table class=\"views\"><thead><tr>");
        foreach (ViewPicture view in rows.First(r => r.Count > 0))
        {
            html.Append($"<th>{Escape(view.Caption)}<small>{view.Size} × {view.Size}</small></th>");
        }
        html.Append("</tr></thead><tbody>");
        foreach (IReadOnlyList<ViewPicture> row in rows)
        {
            html.Append("<tr>");
            foreach (ViewPicture view in row)
            {
                int side = (int)Math.Round(view.Size * scale);
                html.Append($"<td><img src=\"{DataUri(view)}\" width=\"{side}\" height=\"{side}\" alt=\"{Escape(view.Caption)}\"></td>");
            }
            html.Append("</tr>");
        }
        return html.Append("</tbody></table></div>").ToString();
    }

    /// <summary>The whole grid as one PNG, pixels enlarged by whole numbers, on white.</summary>
    public byte[] ToPng()
    {
        const int Gap = 6;
        int zoom = Math.Max(1, LargestOnPage / Largest);
        int cell = Largest * zoom + Gap;
        int width = cell * rows.Max(r => r.Count) + Gap,
            height = cell * rows.Count + Gap;
        var canvas = new byte[width * height * 3];
        Array.Fill(canvas, (byte)255);
        for (int r = 0; r < rows.Count; r++)
        {
            for (int c = 0; c < rows[r].Count; c++)
            {
                ViewPicture view = rows[r][c];
                int inset = (Largest - view.Size) * zoom / 2; // smaller views sit in the middle of their cell
                int left = Gap + c * cell + inset,
                    top = Gap + r * cell + inset;
                for (int y = 0; y < view.Size * zoom; y++)
                {
                    for (int x = 0; x < view.Size * zoom; x++)
                    {
                        int from = (y / zoom * view.Size + x / zoom) * 3,
                            to = ((top + y) * width + left + x) * 3;
                        view.Pixels.AsSpan(from, 3).CopyTo(canvas.AsSpan(to, 3));
                    }
                }
            }
        }
        return Encode(canvas, width, height);
    }

    /// <summary>
    /// A picture as the address of itself, a PNG, for pages and drawings that need no other file. Each pixel becomes
    /// <paramref name="zoom"/>², for where enlarging would blur.
    /// </summary>
    internal static string DataUri(ViewPicture view, int zoom = 1)
    {
        int side = view.Size * zoom;
        var pixels = new byte[side * side * 3];
        for (int i = 0; i < side * side; i++)
        {
            int from = i / side / zoom * view.Size + i % side / zoom;
            view.Pixels.AsSpan(3 * from, 3).CopyTo(pixels.AsSpan(3 * i, 3));
        }
        return "data:image/png;base64," + Convert.ToBase64String(Encode(pixels, side, side));
    }

    /// <summary>Interleaved RGB bytes as PNG.</summary>
    internal static byte[] Encode(ReadOnlySpan<byte> rgb, int width, int height)
    {
        if (rgb.Length != width * height * 3)
        {
            throw new ArgumentException($"a picture of {width} × {height} needs {width * height * 3} bytes, got {rgb.Length}");
        }
        var rgba = new byte[width * height * 4];
        for (int i = 0; i < width * height; i++)
        {
            rgb.Slice(3 * i, 3).CopyTo(rgba.AsSpan(4 * i));
            rgba[4 * i + 3] = 255;
        }
        using SKImage image = SKImage.FromPixelCopy(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque), rgba);
        using SKData png = image.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }
}
