using System.Text;
using Paws.Runner.Config;
using Paws.Runner.Reporting.Charts;
using Paws.Runner.Reporting.Projection;
using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting;

/// <summary>report.html: one file that needs nothing else, no network and no fonts of the machine that wrote it.</summary>
public static class HtmlReport
{
    /// <summary>Name of the file in the run directory.</summary>
    public const string FileName = "report.html";

    /// <summary>Test images drawn in the projection, at most.</summary>
    public const int MostPoints = 1000;

    /// <summary>Writes the report of a run into its directory, from what is given and the metrics.jsonl found there; returns its path.</summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static string Write(string runDirectory, RunReport report)
    {
        string path = Path.Combine(runDirectory, FileName);
        AtomicFile.WriteAllText(path, Render(report, MetricsReader.Read(runDirectory)));
        return path;
    }

    /// <summary>The page as text.</summary>
    public static string Render(RunReport report, MetricsLog log)
    {
        var page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
        page.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        page.Append("<meta name=\"color-scheme\" content=\"light dark\">");
        page.Append($"<title>{Escape(report.Title)}</title><style>{Assets.Read("report.css")}</style></head><body><main>");
        page.Append($"<header><p class=\"kicker\">Paws run report</p><h1>{Escape(report.Title)}</h1></header>");
        var words = ReportWords.Of(report.Result);
        page.Append(report.Collapse?.ToHtml());
        page.Append(Headline.Render(report, log));
        Section(page, "accuracy", "Accuracy", Grid(ReportCharts.Accuracy(log, words)));
        var pretraining = ReportCharts.Pretraining(log, report.Classes.Count, words);
        string training = words.Classifies ? $"{words.Title} training" : $"Pre-training with {words.Title}";
        Section(page, "training", training, log.StepsOf(words.Method).Count > 0 ? Grid(pretraining) : NotRun);
        var matrix = new ConfusionMatrix(report.Classes, report.Confusion);
        string predictor = words.Classifies ? "the classifier" : "PAWS-NN";
        string recall = $"Rows are true classes, columns what {predictor} predicted, over the test images.";
        Section(page, "confusion", "Confusion matrix", matrix.IsEmpty ? NotRun : Card(matrix.ToHtml(), recall));
        Section(page, "projection", "Embeddings", report.Embeddings.Length == 0 ? NotRun : Scatter(report));
        var views = new ViewGrid(report.Views);
        Section(page, "views", "Views as the network sees them", views.IsEmpty ? NotRun : Card(views.ToHtml(), words.Views));
        var others = ReportCharts.OtherPhases(log, words);
        string further = words.Method == TrainMethod.Supervised ? "Fine-tuning" : "Fine-tuning and baseline";
        Section(page, "phases", further, others.Count > 0 ? Grid(others) : NotRun);
        Section(page, "environment", "Versions and machine", Table(report.Environment));
        string yaml = $"<details><summary>Resolved configuration (YAML)</summary><pre>{Escape(report.Configuration)}</pre></details>";
        Section(page, "configuration", "Configuration", $"<div class=\"card\">{yaml}</div>");
        page.Append($"</main><div id=\"tip\" hidden></div><script>{Assets.Read("report.js")}</script></body></html>\n");
        return page.ToString();
    }

    internal const string NotRun = "<p class=\"card none\">Not run.</p>";

    /// <summary>The projection of at most <see cref="MostPoints"/> embeddings, evenly picked.</summary>
    internal static ScatterChart Projection(RunReport report)
    {
        int n = report.Embeddings.Length,
            shown = Math.Min(n, MostPoints);
        int[] picked = [.. Enumerable.Range(0, shown).Select(i => (int)((long)i * n / shown))];
        return new ScatterChart
        {
            Title = "Embeddings of test images",
            Points = Tsne.Embed([.. picked.Select(i => report.Embeddings[i])]),
            Labels = [.. picked.Select(i => report.EmbeddingLabels[i])],
            Classes = report.Classes,
        };
    }

    private static string Scatter(RunReport report)
    {
        ScatterChart chart = Projection(report);
        var legend = new StringBuilder("<div class=\"legend classes\">");
        for (int k = 0; k < report.Classes.Count && report.Classes.Count <= 60; k++)
        {
            string color = Theme.Hue(k, report.Classes.Count);
            legend.Append(
                $"<button type=\"button\" data-k=\"{k}\"><i style=\"background:{color}\"></i>{Escape(report.Classes[k])}</button>"
            );
        }
        string text =
            $"t-SNE of {Count(chart.Points.Count)} test images by the cosine of their embeddings. Nearness means something, directions and distances between groups do not. Point at a class to single it out.";
        return Card($"<div class=\"projection\">{chart.Draw(Theme.Page)}{legend.Append("</div>")}</div>", text);
    }

    private static string Grid(IEnumerable<ReportChart> charts) => "<div class=\"grid\">" + string.Concat(charts.Select(Figure)) + "</div>";

    private static string Figure(ReportChart figure)
    {
        if (figure.Chart.IsEmpty)
        {
            return $"<figure class=\"card\"><h3>{Escape(figure.Chart.Title)}</h3><p class=\"none\">Not run.</p></figure>";
        }
        var legend = new StringBuilder($"<em>{Escape(figure.Chart.YLabel)}</em>");
        if (figure.Chart.Series.Count > 1)
        {
            foreach (LineSeries series in figure.Chart.Series)
            {
                legend.Append($"<span><i style=\"background:{Theme.Hue(series.Hue)}\"></i>{Escape(series.Name)}</span>");
            }
        }
        return $"<figure class=\"card\"><h3>{Escape(figure.Chart.Title)}</h3><div class=\"legend\">{legend}</div>"
            + $"{figure.Chart.Draw(Theme.Page)}<figcaption>{Escape(figure.Caption)}</figcaption></figure>";
    }

    private static string Card(string content, string caption) =>
        $"<figure class=\"card\">{content}<figcaption>{Escape(caption)}</figcaption></figure>";

    private static string Table(IEnumerable<KeyValuePair<string, string>> rows) =>
        "<div class=\"card\"><table class=\"list\"><tbody>"
        + string.Concat(rows.Select(r => $"<tr><th>{Escape(r.Key)}</th><td>{Escape(r.Value)}</td></tr>"))
        + "</tbody></table></div>";

    private static void Section(StringBuilder page, string id, string title, string content) =>
        page.Append($"<section id=\"{id}\"><h2>{title}</h2>{content}</section>");
}
