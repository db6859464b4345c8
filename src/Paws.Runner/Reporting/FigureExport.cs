using Paws.Runner.Reporting.Figures;

namespace Paws.Runner.Reporting;

/// <summary>The report's figures as files of their own, for papers and repositories.</summary>
public static class FigureExport
{
    /// <summary>
    /// Writes the charts that have data as NAME.svg, figure4.svg (of PAWS, the three panels of the paper's Figure 4), confusion.svg (few classes), projection.svg and views.png; returns their paths.
    /// Metrics are those of the run directory.
    /// </summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static IReadOnlyList<string> Write(string directory, string runDirectory, RunReport report)
    {
        Directory.CreateDirectory(directory);
        MetricsLog log = MetricsReader.Read(runDirectory);
        var words = ReportWords.Of(report.Result);
        var written = new List<string>();
        void Svg(string name, string drawing)
        {
            written.Add(Path.Combine(directory, name + ".svg"));
            AtomicFile.WriteAllText(written[^1], drawing + "\n");
        }
        IEnumerable<ReportChart> charts =
        [
            .. ReportCharts.Accuracy(log, words),
            .. ReportCharts.Pretraining(log, report.Classes.Count, words),
            .. ReportCharts.OtherPhases(log, words),
        ];
        foreach (ReportChart chart in charts.Where(c => !c.Chart.IsEmpty))
        {
            Svg(chart.Name, chart.Chart.ToSvg());
        }
        if (log.StepsOf(Phase.Paws).Count > 0)
        {
            Svg("figure4", Figure4.Draw([log]));
        }
        var matrix = new ConfusionMatrix(report.Classes, report.Confusion);
        if (!matrix.IsEmpty && matrix.IsSmall)
        {
            Svg("confusion", matrix.ToSvg(words.Classifies ? $"Confusion matrix of {words.Title}" : "Confusion matrix of PAWS-NN"));
        }
        if (report.Embeddings.Length > 0)
        {
            Svg("projection", HtmlReport.Projection(report).ToSvg());
        }
        var views = new ViewGrid(report.Views);
        if (!views.IsEmpty)
        {
            written.Add(Path.Combine(directory, "views.png"));
            AtomicFile.Write(written[^1], stream => stream.Write(views.ToPng()));
        }
        return written;
    }
}
