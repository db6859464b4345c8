using System.Text;
using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting.Charts;

/// <summary>An SVG drawing under construction.</summary>
internal sealed class SvgDrawing
{
    private const string Fonts = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
    private readonly StringBuilder text = new();

    /// <param name="width">Width in drawing units.</param>
    /// <param name="height">Height in drawing units.</param>
    /// <param name="theme">Colours; a standalone drawing gets a name space, a font and a background.</param>
    /// <param name="label">What a screen reader says.</param>
    /// <param name="attributes">More attributes of the root, ready to paste.</param>
    public SvgDrawing(double width, double height, Theme theme, string label, string attributes = "")
    {
        string alone = theme.Standalone ? $" xmlns=\"http://www.w3.org/2000/svg\" width=\"{Px(width)}\" height=\"{Px(height)}\"" : "";
        text.Append($"<svg{alone} viewBox=\"0 0 {Px(width)} {Px(height)}\" role=\"img\" aria-label=\"{Escape(label)}\"");
        text.Append($" font-family=\"{(theme.Standalone ? Fonts : "inherit")}\" font-size=\"12\"{attributes}>");
        if (theme.Standalone)
        {
            Rect(0, 0, width, height, $"fill:{theme.Surface}");
        }
    }

    public SvgDrawing Rect(double x, double y, double width, double height, string style, double radius = 0)
    {
        string round = radius > 0 ? $" rx=\"{Px(radius)}\"" : "";
        return Raw($"<rect x=\"{Px(x)}\" y=\"{Px(y)}\" width=\"{Px(width)}\" height=\"{Px(height)}\"{round} style=\"{style}\"/>");
    }

    public SvgDrawing Line(double x1, double y1, double x2, double y2, string style) =>
        Raw($"<line x1=\"{Px(x1)}\" y1=\"{Px(y1)}\" x2=\"{Px(x2)}\" y2=\"{Px(y2)}\" style=\"{style}\"/>");

    public SvgDrawing Circle(double x, double y, double radius, string style) =>
        Raw($"<circle cx=\"{Px(x)}\" cy=\"{Px(y)}\" r=\"{Px(radius)}\" style=\"{style}\"/>");

    /// <summary>Text; <paramref name="anchor"/> is start, middle or end.</summary>
    public SvgDrawing Text(double x, double y, string content, string style, string anchor = "start", string attributes = "") =>
        Raw($"<text x=\"{Px(x)}\" y=\"{Px(y)}\" text-anchor=\"{anchor}\" style=\"{style}\"{attributes}>{Escape(content)}</text>");

    /// <summary>A picture; where it is enlarged, its pixels show as squares.</summary>
    public SvgDrawing Image(double x, double y, double side, ViewPicture picture)
    {
        // Not every renderer knows "pixelated": the file brings large pixels.
        int zoom = Math.Clamp((int)Math.Ceiling(2 * side / picture.Size), 1, 8);
        string box = $"x=\"{Px(x)}\" y=\"{Px(y)}\" width=\"{Px(side)}\" height=\"{Px(side)}\"";
        return Raw($"<image {box} style=\"image-rendering:pixelated\" href=\"{ViewGrid.DataUri(picture, zoom)}\"/>");
    }

    /// <summary>A line with a head at its second end.</summary>
    public SvgDrawing Arrow(double x1, double y1, double x2, double y2, string color)
    {
        double length = Math.Max(Math.Sqrt((x2 - x1) * (x2 - x1) + (y2 - y1) * (y2 - y1)), 1e-9);
        double dx = (x2 - x1) / length,
            dy = (y2 - y1) / length;
        double bx = x2 - 8 * dx,
            by = y2 - 8 * dy; // the head's base
        Line(x1, y1, bx, by, $"stroke:{color};stroke-width:1.5");
        return Raw(
            $"<polygon points=\"{Px(x2)},{Px(y2)} {Px(bx - 4 * dy)},{Px(by + 4 * dx)} {Px(bx + 4 * dy)},{Px(by - 4 * dx)}\" style=\"fill:{color}\"/>"
        );
    }

    public SvgDrawing Raw(string markup)
    {
        text.Append(markup);
        return this;
    }

    public string Close() => text.Append("</svg>").ToString();
}
