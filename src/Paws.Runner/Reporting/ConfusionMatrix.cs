using System.Text;
using Paws.Runner.Reporting.Charts;
using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting;

/// <summary>Counts of true class against predicted class, as a heat table, a drawing, or (many classes) a list of frequent confusions.</summary>
internal sealed class ConfusionMatrix(IReadOnlyList<string> classes, int[][] counts)
{
    /// <summary>Up to so many classes the whole matrix is shown.</summary>
    public const int MostClasses = 25;
    private const int MostPairs = 20;

    public bool IsEmpty => counts.Length == 0 || counts.All(row => row.Sum() == 0);

    public bool IsSmall => counts.Length <= MostClasses;

    public string ToHtml() => IsSmall ? Table() : Pairs();

    /// <summary>Share of class <paramref name="k"/>'s images that were recognised; NaN when it has none.</summary>
    public double Recall(int k) => counts[k].Sum() is > 0 and int all ? counts[k][k] / (double)all : double.NaN;

    private double Share(int row, int column) => counts[row][column] / Math.Max(counts[row].Sum(), 1.0);

    private string Table()
    {
        var html = new StringBuilder("<div class=\"scroll\"><table class=\"confusion\"><thead><tr><th></th>");
        foreach (string name in classes)
        {
            html.Append($"<th class=\"turned\"><span>{Escape(name)}</span></th>");
        }
        html.Append("<th class=\"turned\"><span>recall</span></th></tr></thead><tbody>");
        for (int k = 0; k < counts.Length; k++)
        {
            html.Append($"<tr><th>{Escape(classes[k])}</th>");
            for (int j = 0; j < counts.Length; j++)
            {
                string title = $"{classes[k]} seen as {classes[j]}: {counts[k][j]} ({100 * Share(k, j):0.0} %)";
                string zero =
                    counts[k][j] == 0 ? " zero"
                    : Share(k, j) > 0.55 ? " strong"
                    : "";
                html.Append($"<td class=\"{(k == j ? "hit" : "miss")}{zero}\" style=\"--a:{Px(Tint(k, j))}\" title=\"{Escape(title)}\">");
                html.Append($"{counts[k][j]}</td>");
            }
            html.Append($"<td class=\"recall\">{Percent(Recall(k))}</td></tr>");
        }
        return html.Append("</tbody></table></div>").ToString();
    }

    // Mistakes are rare beside hits; the square root lets one see which of the rare ones are frequent.
    private double Tint(int row, int column) => row == column ? Share(row, column) * 0.9 : Math.Sqrt(Share(row, column)) * 0.9;

    private string Pairs()
    {
        var pairs =
            from k in Enumerable.Range(0, counts.Length)
            from j in Enumerable.Range(0, counts.Length)
            where j != k && counts[k][j] > 0
            orderby counts[k][j] descending
            select (k, j);
        var html = new StringBuilder("<div class=\"pairs\"><table class=\"list\"><caption>Most frequent confusions</caption>");
        html.Append("<thead><tr><th>class</th><th>seen as</th><th>images</th></tr></thead><tbody>");
        foreach (var (k, j) in pairs.Take(MostPairs))
        {
            html.Append($"<tr><td>{Escape(classes[k])}</td><td>{Escape(classes[j])}</td><td>{counts[k][j]}</td></tr>");
        }
        html.Append("</tbody></table><table class=\"list\"><caption>Classes recognised least</caption>");
        html.Append("<thead><tr><th>class</th><th>recall</th></tr></thead><tbody>");
        foreach (int k in Enumerable.Range(0, counts.Length).Where(k => !double.IsNaN(Recall(k))).OrderBy(Recall).Take(MostPairs))
        {
            html.Append($"<tr><td>{Escape(classes[k])}</td><td>{Percent(Recall(k))}</td></tr>");
        }
        return html.Append("</tbody></table></div>").ToString();
    }

    /// <summary>The matrix as a drawing; only for few classes.</summary>
    public string ToSvg(string title)
    {
        const double Cell = 40,
            Top = 96;
        Theme theme = Theme.Paper;
        double left = 28 + 6.8 * classes.Max(c => c.Length);
        int n = counts.Length;
        var svg = new SvgDrawing(left + Cell * (n + 1) + 40, Top + Cell * n + 34, theme, title);
        svg.Text(14, 26, title, $"fill:{theme.Text};font-size:15px;font-weight:600");
        for (int k = 0; k < n; k++)
        {
            double y = Top + Cell * k,
                middle = y + Cell / 2 + 4;
            svg.Text(left - 8, middle, classes[k], $"fill:{theme.Text}", "end");
            double x = left + Cell * k + Cell / 2 - 2;
            svg.Text(x, Top - 8, classes[k], $"fill:{theme.Text}", "start", $" transform=\"rotate(-40 {Px(x)} {Px(Top - 8)})\"");
            for (int j = 0; j < n; j++)
            {
                string color = k == j ? theme.Good : theme.Bad;
                svg.Rect(left + Cell * j + 1, y + 1, Cell - 2, Cell - 2, $"fill:{color};fill-opacity:{Px(0.03 + Tint(k, j))}", 3);
                string ink =
                    Share(k, j) > 0.55 ? "#ffffff"
                    : counts[k][j] == 0 ? "#aab3bd"
                    : theme.Text;
                svg.Text(left + Cell * (j + 0.5), middle, counts[k][j].ToString(), $"fill:{ink}", "middle");
            }
            svg.Text(left + Cell * n + 10, middle, Percent(Recall(k)), $"fill:{theme.Muted}");
        }
        svg.Text(left + Cell * n + 10, Top - 8, "recall", $"fill:{theme.Muted}");
        svg.Text(left + Cell * n / 2, Top + Cell * n + 22, "rows: true class · columns: predicted class", $"fill:{theme.Muted}", "middle");
        return svg.Close();
    }

    private static string Percent(double share) => double.IsNaN(share) ? "–" : $"{100 * share:0.0} %";
}
