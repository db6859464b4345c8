using System.Text;
using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting.Charts;

/// <summary>
/// Means over seeds against a number (hours, epochs, labels, parameters), each with its spread from the least to the largest seed:
/// a band under curves, whiskers at few points. A figure of the paper as a file of its own.
/// </summary>
public sealed record SeriesChart
{
    private const int MostMarks = 12; // beyond it points are a curve

    private const double Left = 54,
        Right = 18,
        PlotHeight = 220;

    /// <summary>What it shows.</summary>
    public required string Title { get; init; }

    /// <summary>What runs along the x axis, with its unit.</summary>
    public required string XLabel { get; init; }

    /// <summary>What runs along the y axis, with its unit.</summary>
    public required string YLabel { get; init; }

    /// <summary>The series.</summary>
    public required IReadOnlyList<SeedSeries> Series { get; init; }

    /// <summary>Dashed horizontal lines.</summary>
    public IReadOnlyList<ReferenceLine> References { get; init; } = [];

    /// <summary>Whether the x axis is logarithmic; points at or below 0 are then left out.</summary>
    public bool LogX { get; init; }

    /// <summary>Width of the drawing.</summary>
    public double Width { get; init; } = 560;

    /// <summary>Whether there is anything to draw.</summary>
    public bool IsEmpty => !Series.Any(s => Shown(s).Any());

    internal double Height => HeadHeight + PlotHeight + 46;

    private IReadOnlyList<string> Names => [.. Series.Select(s => s.Name)];

    private bool HasLegend => Series.Count > 1;

    /// <summary>Room for title, unit and legend; panels side by side share the largest.</summary>
    internal double HeadRoom { get; init; }

    internal double HeadHeight => Math.Max(HeadRoom, 58 + (HasLegend ? Legend.Height(Names, Width - 28) + 8 : 0));

    /// <summary>The chart as a file of its own.</summary>
    public string ToSvg()
    {
        var svg = new SvgDrawing(Width, Height, Theme.Paper, Title);
        Paint(svg, Theme.Paper, 0);
        return svg.Close();
    }

    /// <summary>Draws the chart from x = <paramref name="offset"/> on, for figures of several panels.</summary>
    internal void Paint(SvgDrawing svg, Theme theme, double offset)
    {
        var box = new Frame(offset + Left, HeadHeight + 6, Width - Left - Right, PlotHeight);
        var shown = Series.Select(s => Shown(s).ToList()).ToList();
        Scale x = Scale.Over(shown.SelectMany(s => s.Select(p => p.X)), LogX, box.Width),
            y = Scale.Covering(shown.SelectMany(s => s.SelectMany(p => p.Finite)).Concat(References.Select(r => r.Y)));
        double X(double v) => box.Left + x.Share(v) * box.Width;
        double Y(double v) => box.Top + (1 - y.Share(v)) * box.Height;

        svg.Text(offset + 14, 24, Title, $"fill:{theme.Text};font-size:15px;font-weight:600");
        svg.Text(offset + 14, 44, YLabel, $"fill:{theme.Muted}");
        if (HasLegend)
        {
            Legend.Draw(svg, theme, Names, offset + 14, 52, Width - 28, (i, mx, my) => LegendMark(svg, i, mx, my));
        }
        Axes(svg, theme, box, x, y, X, Y);
        foreach (ReferenceLine line in References)
        {
            svg.Line(box.Left, Y(line.Y), box.Right, Y(line.Y), $"stroke:{theme.Muted};stroke-dasharray:2 4");
            svg.Text(box.Right - 4, Y(line.Y) - 6, line.Label, $"fill:{theme.Muted};{theme.Halo}", "end");
        }
        for (int i = 0; i < Series.Count; i++)
        {
            Spread(svg, i, shown[i], X, Y);
        }
        for (int i = 0; i < Series.Count; i++) // lines over all bands
        {
            Means(svg, theme, i, shown[i], X, Y);
        }
    }

    private IEnumerable<SeedPoint> Shown(SeedSeries series) =>
        series.Points.Where(p => double.IsFinite(p.X) && (!LogX || p.X > 0) && p.Finite.Length > 0);

    private void Axes(SvgDrawing svg, Theme theme, Frame box, Scale x, Scale y, Func<double, double> px, Func<double, double> py)
    {
        string quiet = $"fill:{theme.Muted}";
        foreach (var (value, text) in y.Ticks)
        {
            svg.Line(box.Left, py(value), box.Right, py(value), $"stroke:{theme.Grid}");
            svg.Text(box.Left - 8, py(value) + 4, text, quiet, "end");
        }
        foreach (var (value, text) in x.Ticks)
        {
            svg.Line(px(value), box.Bottom, px(value), box.Bottom + 4, $"stroke:{theme.Muted}");
            svg.Text(px(value), box.Bottom + 17, text, quiet, "middle");
        }
        svg.Line(box.Left, box.Bottom, box.Right, box.Bottom, $"stroke:{theme.Muted}");
        svg.Text(box.Left + box.Width / 2, box.Bottom + 35, XLabel, quiet, "middle");
    }

    private void Spread(SvgDrawing svg, int index, List<SeedPoint> points, Func<double, double> x, Func<double, double> y)
    {
        string color = Theme.Hue(Series[index].Hue);
        if (points.Count > MostMarks)
        {
            if (points.Any(p => p.Finite.Max() > p.Finite.Min()))
            {
                var over = points.Select(p => $"{Px(x(p.X))},{Px(y(p.Finite.Max()))}");
                var back = Enumerable.Reverse(points).Select(p => $"{Px(x(p.X))},{Px(y(p.Finite.Min()))}");
                svg.Raw($"<polygon points=\"{string.Join(' ', over.Concat(back))}\" style=\"fill:{color};fill-opacity:.2\"/>");
            }
            return;
        }
        foreach (SeedPoint point in points.Where(p => p.Finite.Max() > p.Finite.Min()))
        {
            double at = x(point.X),
                top = y(point.Finite.Max()),
                bottom = y(point.Finite.Min());
            string stroke = $"stroke:{color};stroke-width:1.4";
            svg.Line(at, top, at, bottom, stroke).Line(at - 4, top, at + 4, top, stroke).Line(at - 4, bottom, at + 4, bottom, stroke);
        }
    }

    private void Means(SvgDrawing svg, Theme theme, int index, List<SeedPoint> points, Func<double, double> x, Func<double, double> y)
    {
        var path = new StringBuilder();
        foreach (SeedPoint point in points)
        {
            path.Append($"{(path.Length > 0 ? 'L' : 'M')}{Px(x(point.X))} {Px(y(point.Mean))}");
        }
        if (points.Count > 1)
        {
            svg.Raw($"<path d=\"{path}\" style=\"{Marks.Stroke(index, Series[index].Hue)}\"/>");
        }
        foreach (SeedPoint point in points.Where(_ => points.Count <= MostMarks))
        {
            Marks.Draw(svg, index, x(point.X), y(point.Mean), Theme.Hue(Series[index].Hue), theme.Surface);
        }
    }

    private void LegendMark(SvgDrawing svg, int index, double x, double y)
    {
        svg.Raw($"<path d=\"M{Px(x - 12)} {Px(y)}L{Px(x + 12)} {Px(y)}\" style=\"{Marks.Stroke(index, Series[index].Hue)}\"/>");
        if (Shown(Series[index]).Count() <= MostMarks)
        {
            Marks.Draw(svg, index, x, y, Theme.Hue(Series[index].Hue), Theme.Paper.Surface);
        }
    }
}
