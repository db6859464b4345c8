using System.Text;
using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting.Charts;

/// <summary>An SVG drawing under construction.</summary>
internal sealed class Svg
{
    private const string Fonts = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
    private readonly StringBuilder text = new();

    /// <param name="width">Width in drawing units.</param>
    /// <param name="height">Height in drawing units.</param>
    /// <param name="theme">Colours; a standalone drawing gets a name space, a font and a background.</param>
    /// <param name="label">What a screen reader says.</param>
    /// <param name="attributes">More attributes of the root, ready to paste.</param>
    public Svg(double width, double height, Theme theme, string label, string attributes = "")
    {
        string alone = theme.Standalone ? $" xmlns=\"http://www.w3.org/2000/svg\" width=\"{Px(width)}\" height=\"{Px(height)}\"" : "";
        text.Append($"<svg{alone} viewBox=\"0 0 {Px(width)} {Px(height)}\" role=\"img\" aria-label=\"{Escape(label)}\"");
        text.Append($" font-family=\"{(theme.Standalone ? Fonts : "inherit")}\" font-size=\"12\"{attributes}>");
        if (theme.Standalone)
        {
            Rect(0, 0, width, height, $"fill:{theme.Surface}");
        }
    }

    public Svg Rect(double x, double y, double width, double height, string style, double radius = 0)
    {
        string round = radius > 0 ? $" rx=\"{Px(radius)}\"" : "";
        return Raw($"<rect x=\"{Px(x)}\" y=\"{Px(y)}\" width=\"{Px(width)}\" height=\"{Px(height)}\"{round} style=\"{style}\"/>");
    }

    public Svg Line(double x1, double y1, double x2, double y2, string style) =>
        Raw($"<line x1=\"{Px(x1)}\" y1=\"{Px(y1)}\" x2=\"{Px(x2)}\" y2=\"{Px(y2)}\" style=\"{style}\"/>");

    public Svg Circle(double x, double y, double radius, string style) =>
        Raw($"<circle cx=\"{Px(x)}\" cy=\"{Px(y)}\" r=\"{Px(radius)}\" style=\"{style}\"/>");

    /// <summary>Text; <paramref name="anchor"/> is start, middle or end.</summary>
    public Svg Text(double x, double y, string content, string style, string anchor = "start", string attributes = "") =>
        Raw($"<text x=\"{Px(x)}\" y=\"{Px(y)}\" text-anchor=\"{anchor}\" style=\"{style}\"{attributes}>{Escape(content)}</text>");

    public Svg Raw(string markup)
    {
        text.Append(markup);
        return this;
    }

    public string Close() => text.Append("</svg>").ToString();
}
