using System.Globalization;

namespace Paws.Runner.Reporting.Charts;

/// <summary>One arm of a table.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Seeds">What each seed measured here; those that are not finite do not count, and none leaves the row empty.</param>
/// <param name="Paper">The paper's number where there is one.</param>
public sealed record DotRow(string Name, IReadOnlyList<double> Seeds, double? Paper = null);

/// <summary>
/// A table as a picture: a row an arm; the mean as a dot on a line from the least to the largest seed, each seed as a small dot. The
/// paper's numbers are hollow diamonds in a panel and on an axis of their own: another data set at another scale, so only the order
/// and the gaps within a panel say anything, not a distance from one panel to the other.
/// </summary>
public sealed record DotChart
{
    private const double RowHeight = 30,
        PanelGap = 34,
        NumberWidth = 92,
        HereWidth = 300,
        PaperWidth = 200,
        Pad = 14;

    /// <summary>What it shows.</summary>
    public required string Title { get; init; }

    /// <summary>The measure, with its unit: both panels have it.</summary>
    public required string Unit { get; init; }

    /// <summary>What was measured here: data set, labels, encoder, epochs.</summary>
    public required string Here { get; init; }

    /// <summary>What the paper measured.</summary>
    public string Paper { get; init; } = "paper";

    /// <summary>The arms, from the top.</summary>
    public required IReadOnlyList<DotRow> Rows { get; init; }

    /// <summary>Whether there is anything to draw.</summary>
    public bool IsEmpty => !Rows.Any(r => Finite(r).Length > 0);

    private bool HasPaper => Rows.Any(r => Of(r) is not null);

    /// <summary>The chart as a file of its own.</summary>
    public string ToSvg()
    {
        Theme theme = Theme.Paper;
        double names = Pad + Rows.Select(r => Legend.TextWidth(r.Name)).DefaultIfEmpty(0).Max() + 14;
        // A panel is at least as wide as what stands over it.
        double here = Math.Max(HereWidth, Legend.TextWidth(Here, 13) + 8) + NumberWidth,
            paper = HasPaper ? Math.Max(PaperWidth, Legend.TextWidth(Paper, 13) + 8) + NumberWidth / 2 : 0;
        double width = Math.Max(names + here + (HasPaper ? PanelGap + paper : 0) + Pad, Legend.TextWidth(Title, 15) + 2 * Pad);
        double top = 70,
            height = top + RowHeight * Rows.Count + 48;
        var svg = new SvgDrawing(width, height, theme, Title);
        svg.Text(Pad, 26, Title, $"fill:{theme.Text};font-size:15px;font-weight:600");
        for (int i = 0; i < Rows.Count; i++)
        {
            svg.Text(names - 12, RowMiddle(top, i) + 4, Rows[i].Name, $"fill:{theme.Text}", "end");
        }
        var ours = new Frame(names, top, here - NumberWidth, RowHeight * Rows.Count);
        var values = Rows.SelectMany(Finite);
        DrawPanel(svg, theme, ours, Here, Scale.Covering(values), (i, x, y) => OurRow(svg, theme, Rows[i], ours, x, y));
        svg.Text(ours.Right + 10, top - 14, "mean (range)", $"fill:{theme.Muted}");
        if (HasPaper)
        {
            var theirs = new Frame(names + here + PanelGap, top, paper - NumberWidth / 2, RowHeight * Rows.Count);
            svg.Line(theirs.Left - PanelGap / 2, 44, theirs.Left - PanelGap / 2, height - 10, $"stroke:{theme.Muted};stroke-dasharray:2 4");
            var printed = Rows.Select(Of).OfType<double>();
            DrawPanel(svg, theme, theirs, Paper, Scale.Covering(printed, 4), (i, x, y) => PaperRow(svg, theme, Rows[i], theirs, x, y));
        }
        return svg.Close();
    }

    private void DrawPanel(SvgDrawing svg, Theme theme, Frame box, string head, Scale scale, Action<int, Func<double, double>, double> row)
    {
        double X(double value) => box.Left + scale.Share(value) * box.Width;
        svg.Text(box.Left, box.Top - 14, head, $"fill:{theme.Text};font-weight:600");
        foreach (var (value, text) in scale.Ticks)
        {
            svg.Line(X(value), box.Top, X(value), box.Bottom, $"stroke:{theme.Grid}");
            svg.Text(X(value), box.Bottom + 17, text, $"fill:{theme.Muted}", "middle");
        }
        svg.Line(box.Left, box.Bottom, box.Right, box.Bottom, $"stroke:{theme.Muted}");
        svg.Text(box.Left + box.Width / 2, box.Bottom + 36, Unit, $"fill:{theme.Muted}", "middle");
        for (int i = 0; i < Rows.Count; i++)
        {
            row(i, X, RowMiddle(box.Top, i));
        }
    }

    private static void OurRow(SvgDrawing svg, Theme theme, DotRow row, Frame box, Func<double, double> x, double y)
    {
        double[] seeds = Finite(row);
        if (seeds.Length == 0)
        {
            svg.Text(box.Right + 10, y + 4, "not run", $"fill:{theme.Muted}");
            return;
        }
        string color = Theme.Hue(0);
        svg.Line(x(seeds.Min()), y, x(seeds.Max()), y, $"stroke:{color};stroke-width:2.4;stroke-linecap:round");
        svg.Circle(x(seeds.Average()), y, 5.5, $"fill:{color};stroke:{theme.Surface};stroke-width:1.2");
        for (int i = 0; i < seeds.Length && seeds.Length > 1; i++)
        {
            // Below the line, where the mean does not cover them.
            svg.Circle(x(seeds[i]), y + 9, 2, $"fill:{theme.Text};fill-opacity:.75");
        }
        string number = seeds.Average().ToString("0.0", CultureInfo.InvariantCulture);
        string spread = seeds.Length < 2 ? "" : (seeds.Max() - seeds.Min()).ToString("' ('0.0')'", CultureInfo.InvariantCulture);
        svg.Text(box.Right + 10, y + 4, number.Replace('-', '−') + spread, $"fill:{theme.Text}");
    }

    private static void PaperRow(SvgDrawing svg, Theme theme, DotRow row, Frame box, Func<double, double> x, double y)
    {
        if (Of(row) is { } value)
        {
            Marks.Diamond(svg, x(value), y, 6, $"fill:{theme.Surface};stroke:{theme.Text};stroke-width:1.6");
            svg.Text(box.Right + 10, y + 4, value.ToString("0.0", CultureInfo.InvariantCulture).Replace('-', '−'), $"fill:{theme.Muted}");
        }
    }

    private static double RowMiddle(double top, int row) => top + RowHeight * (row + 0.5);

    private static double[] Finite(DotRow row) => [.. row.Seeds.Where(double.IsFinite)];

    private static double? Of(DotRow row) => row.Paper is { } value && double.IsFinite(value) ? value : null;
}
