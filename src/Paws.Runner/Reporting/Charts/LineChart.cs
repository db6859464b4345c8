using System.Text;
using System.Text.Json;
using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting.Charts;

/// <summary>A line chart drawn as SVG: axes with round ticks, dashed reference lines, and the numbers for the pointer's read-out.</summary>
public sealed record LineChart
{
    private const double Width = 480,
        Height = 254,
        Left = 52,
        Right = 14,
        Bottom = 40;
    private const int MostPoints = 320;

    /// <summary>What it shows.</summary>
    public required string Title { get; init; }

    /// <summary>What runs along the x axis, with its unit.</summary>
    public required string XLabel { get; init; }

    /// <summary>What runs along the y axis, with its unit.</summary>
    public required string YLabel { get; init; }

    /// <summary>The lines.</summary>
    public required IReadOnlyList<LineSeries> Series { get; init; }

    /// <summary>Dashed lines.</summary>
    public IReadOnlyList<ReferenceLine> References { get; init; } = [];

    /// <summary>Values the y axis must reach besides the data.</summary>
    public IReadOnlyList<double> Include { get; init; } = [];

    /// <summary>Whether there is anything to draw.</summary>
    public bool IsEmpty => !Series.Any(s => s.Y.Any(double.IsFinite));

    /// <summary>The chart as a file of its own, with title and legend inside.</summary>
    public string ToSvg() => Draw(Theme.Paper);

    internal string Draw(Theme theme)
    {
        bool alone = theme.Standalone;
        double head = alone ? 56 : 0,
            top = head + 10;
        var box = new Frame(Left, top, Width - Left - Right, Height - 10 - Bottom);
        var thinned = Series.Where(s => s.X.Count > 0).Select(s => s.Thin(MostPoints)).ToList();
        Axis xAxis = XAxis(),
            yAxis = YAxis(thinned.Select(t => t.Means));
        double X(double v) => box.Left + xAxis.Share(v) * box.Width;
        double Y(double v) => box.Top + (1 - Math.Clamp(yAxis.Share(v), -0.02, 1.02)) * box.Height;

        string data = alone ? "" : $" class=\"chart\" data-chart=\"{Escape(ReadOut(thinned.Select(t => t.Means), box, xAxis, yAxis))}\"";
        var svg = new SvgDrawing(Width, Height + head, theme, Title, data);
        if (alone)
        {
            svg.Text(14, 24, Title, $"fill:{theme.Text};font-size:15px;font-weight:600");
            Legend(svg, theme);
        }
        string quiet = $"fill:{theme.Muted}";
        foreach (double tick in yAxis.Ticks)
        {
            svg.Line(box.Left, Y(tick), box.Right, Y(tick), $"stroke:{theme.Grid}");
            svg.Text(box.Left - 8, Y(tick) + 4, yAxis.Label(tick), quiet, "end");
        }
        foreach (double tick in xAxis.Ticks)
        {
            svg.Line(X(tick), box.Bottom, X(tick), box.Bottom + 4, $"stroke:{theme.Muted}");
            svg.Text(X(tick), box.Bottom + 17, xAxis.Label(tick), quiet, "middle");
        }
        svg.Line(box.Left, box.Bottom, box.Right, box.Bottom, $"stroke:{theme.Muted}");
        svg.Text(box.Left + box.Width / 2, box.Bottom + 34, XLabel, quiet, "middle");
        foreach (var (means, least, largest) in thinned)
        {
            Curve(svg, means, least, largest, X, Y);
        }
        foreach (ReferenceLine line in References)
        {
            svg.Line(box.Left, Y(line.Y), box.Right, Y(line.Y), $"stroke:{theme.Muted};stroke-dasharray:5 4");
            var drawn = thinned.SelectMany(t => t.Means.X.Zip(t.Means.Y, (x, y) => (X: X(x), Y: Y(y))));
            var (left, below) = FreeCorner(drawn, Y(line.Y), line.Label, box);
            string anchor = left ? "start" : "end";
            svg.Text(left ? box.Left + 6 : box.Right - 4, Y(line.Y) + (below ? 15 : -6), line.Label, $"{quiet};{theme.Halo}", anchor);
        }
        return svg.Close();
    }

    // Where the label of a reference line covers fewest points of the curves: at its right or left end, above or below it.
    private static (bool Left, bool Below) FreeCorner(IEnumerable<(double X, double Y)> points, double y, string label, Frame box)
    {
        double width = 7 * label.Length + 10;
        var near = points.Where(p => Math.Abs(p.Y - y) < 20).ToList();
        int Covered((bool Left, bool Below) corner) =>
            near.Count(p => (corner.Left ? p.X < box.Left + width : p.X > box.Right - width) && (corner.Below ? p.Y > y - 4 : p.Y < y + 4))
            + (corner.Below ? (y + 20 > box.Bottom ? 1000 : 0) : (y - 20 < box.Top ? 1000 : 0));
        (bool Left, bool Below)[] corners = [(false, false), (false, true), (true, false), (true, true)];
        return corners.MinBy(Covered);
    }

    private static void Curve(
        SvgDrawing svg,
        LineSeries means,
        double[] least,
        double[] largest,
        Func<double, double> x,
        Func<double, double> y
    )
    {
        string color = Theme.Hue(means.Hue);
        int n = means.X.Count;
        if (least.Concat(largest).All(double.IsFinite) && Enumerable.Range(0, n).Any(i => largest[i] > least[i]))
        {
            var band = Enumerable.Range(0, n).Select(i => $"{Px(x(means.X[i]))},{Px(y(largest[i]))}");
            var back = Enumerable.Range(0, n).Reverse().Select(i => $"{Px(x(means.X[i]))},{Px(y(least[i]))}");
            svg.Raw($"<polygon points=\"{string.Join(' ', band.Concat(back))}\" style=\"fill:{color};fill-opacity:.16\"/>");
        }
        var path = new StringBuilder();
        bool pen = false;
        for (int i = 0; i < n; i++)
        {
            bool draw = double.IsFinite(means.Y[i]);
            if (draw)
            {
                path.Append($"{(pen ? 'L' : 'M')}{Px(x(means.X[i]))} {Px(y(means.Y[i]))}");
            }
            pen = draw;
        }
        svg.Raw($"<path d=\"{path}\" style=\"fill:none;stroke:{color};stroke-width:2;stroke-linejoin:round;stroke-linecap:round\"/>");
        for (int i = 0; i < n && (means.Dots || n == 1); i++)
        {
            if (double.IsFinite(means.Y[i]))
            {
                svg.Circle(x(means.X[i]), y(means.Y[i]), n > 60 ? 1.6 : 2.8, $"fill:{color}");
            }
        }
    }

    // The page writes the same row in HTML. Text is about 6.4 units a letter at this size.
    private void Legend(SvgDrawing svg, Theme theme)
    {
        svg.Text(14, 46, YLabel, $"fill:{theme.Muted}");
        double x = 34 + 6.4 * YLabel.Length;
        foreach (LineSeries series in Series.Where(_ => Series.Count > 1))
        {
            svg.Rect(x, 40, 14, 4, $"fill:{Theme.Hue(series.Hue)}", 2);
            svg.Text(x + 20, 46, series.Name, $"fill:{theme.Text}");
            x += 40 + 6.4 * series.Name.Length;
        }
    }

    private Axis XAxis()
    {
        var all = Series.SelectMany(s => s.X).DefaultIfEmpty(0).ToList();
        return Axis.Inside(Math.Min(all.Min(), 0), Math.Max(all.Max(), all.Min() == all.Max() ? all.Max() + 1 : all.Max()));
    }

    private Axis YAxis(IEnumerable<LineSeries> means)
    {
        var all = means.SelectMany(s => s.Y).Concat(References.Select(r => r.Y)).Concat(Include).Where(double.IsFinite).DefaultIfEmpty(0);
        return Axis.Covering(all.Min(), all.Max());
    }

    // What the page's script needs: the plot's box, both ranges, and the points.
    private string ReadOut(IEnumerable<LineSeries> series, Frame box, Axis x, Axis y)
    {
        static string Numbers(IEnumerable<double> values) => string.Join(',', values.Select(Json));
        var lines = series.Select(s =>
            $"{{\"n\":{JsonSerializer.Serialize(s.Name)},\"c\":\"{Theme.Hue(s.Hue)}\",\"x\":[{Numbers(s.X)}],\"y\":[{Numbers(s.Y)}]}}"
        );
        double[] frame = [box.Left, box.Top, box.Width, box.Height];
        return $"{{\"u\":{JsonSerializer.Serialize(XLabel)},\"box\":[{Numbers(frame)}],\"x\":[{Numbers([x.Low, x.High])}],\"y\":[{Numbers([y.Low, y.High])}],\"s\":[{string.Join(',', lines)}]}}";
    }
}
