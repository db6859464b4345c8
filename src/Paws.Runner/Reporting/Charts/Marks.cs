using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting.Charts;

/// <summary>Dashes and shapes by a series' place in its chart: what tells series apart where colour does not.</summary>
internal static class Marks
{
    private static readonly string[] Dashes = ["", ";stroke-dasharray:7 4", ";stroke-dasharray:2 3", ";stroke-dasharray:9 3 2 3"];

    /// <summary>The style of a series' line.</summary>
    public static string Stroke(int index, int hue) =>
        $"fill:none;stroke:{Theme.Hue(hue)};stroke-width:2;stroke-linejoin:round{Dashes[index % Dashes.Length]}";

    /// <summary>A filled circle, square, triangle or diamond, outlined in the colour of the ground.</summary>
    public static void Draw(SvgDrawing svg, int index, double x, double y, string color, string outline)
    {
        string style = $"fill:{color};stroke:{outline};stroke-width:1";
        switch (index % 4)
        {
            case 0:
                svg.Circle(x, y, 4.5, style);
                break;
            case 1:
                svg.Rect(x - 4, y - 4, 8, 8, style);
                break;
            case 2:
                svg.Raw($"<polygon points=\"{Px(x)},{Px(y - 5)} {Px(x + 5)},{Px(y + 4)} {Px(x - 5)},{Px(y + 4)}\" style=\"{style}\"/>");
                break;
            default:
                Diamond(svg, x, y, 5.5, style);
                break;
        }
    }

    /// <summary>A diamond of a half width.</summary>
    public static void Diamond(SvgDrawing svg, double x, double y, double half, string style) =>
        svg.Raw(
            $"<polygon points=\"{Px(x)},{Px(y - half)} {Px(x + half)},{Px(y)} {Px(x)},{Px(y + half)} {Px(x - half)},{Px(y)}\" style=\"{style}\"/>"
        );
}
