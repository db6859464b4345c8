using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting.Charts;

/// <summary>Points in the plane coloured by class, without axes: only nearness means something.</summary>
public sealed record ScatterChart
{
    private const double Side = 480,
        Margin = 14;

    /// <summary>What it shows.</summary>
    public required string Title { get; init; }

    /// <summary>Positions, n pairs, any scale.</summary>
    public required IReadOnlyList<(double X, double Y)> Points { get; init; }

    /// <summary>Class of each point.</summary>
    public required IReadOnlyList<int> Labels { get; init; }

    /// <summary>Class names.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>The chart as a file of its own, with title and legend inside.</summary>
    public string ToSvg() => Draw(Theme.Paper);

    internal string Draw(Theme theme)
    {
        bool legend = theme.Standalone && Classes.Count <= 24;
        double top = theme.Standalone ? 40 : 0;
        double legendWidth = legend ? 30 + 6.8 * Classes.Max(c => c.Length) : 0;
        var svg = new SvgDrawing(Side + legendWidth, Side + top, theme, Title, theme.Standalone ? "" : " class=\"scatter\"");
        if (theme.Standalone)
        {
            svg.Text(14, 26, Title, $"fill:{theme.Text};font-size:15px;font-weight:600");
        }
        double xLow = Points.Select(p => p.X).DefaultIfEmpty(0).Min(),
            xHigh = Points.Select(p => p.X).DefaultIfEmpty(1).Max(),
            yLow = Points.Select(p => p.Y).DefaultIfEmpty(0).Min(),
            yHigh = Points.Select(p => p.Y).DefaultIfEmpty(1).Max();
        double span = Math.Max(Math.Max(xHigh - xLow, yHigh - yLow), 1e-12); // one scale for both directions
        double radius = Points.Count > 600 ? 3 : 4;
        for (int i = 0; i < Points.Count; i++)
        {
            double x = Margin + (Side - 2 * Margin) * (0.5 + (Points[i].X - (xLow + xHigh) / 2) / span);
            double y = top + Margin + (Side - 2 * Margin) * (0.5 - (Points[i].Y - (yLow + yHigh) / 2) / span);
            int label = Labels[i];
            svg.Raw($"<circle cx=\"{Px(x)}\" cy=\"{Px(y)}\" r=\"{Px(radius)}\" data-k=\"{label}\"");
            svg.Raw($" style=\"fill:{Theme.Hue(label, Classes.Count)};fill-opacity:.82;stroke:{theme.Surface};stroke-width:.6\"/>");
        }
        for (int k = 0; legend && k < Classes.Count; k++)
        {
            svg.Circle(Side + 10, top + 22 + 20 * k, 5, $"fill:{Theme.Hue(k, Classes.Count)}");
            svg.Text(Side + 22, top + 26 + 20 * k, Classes[k], $"fill:{theme.Text}");
        }
        return svg.Close();
    }
}
