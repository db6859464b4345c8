using System.Text;
using Paws.Runner.Config;
using Paws.Runner.Reporting;
using Paws.Runner.Reporting.Charts;
using Paws.Runner.Reporting.Figures;
using Paws.Runner.Training;

namespace Paws.Runner.Repro;

/// <summary>The files that show an item as a picture: SVG and PNG, and for Figure 5 a page.</summary>
/// <param name="plan">What was asked for.</param>
/// <param name="result">What came of it.</param>
/// <param name="store">Records of runs, for curves.</param>
/// <param name="work">Where runs worked: Figure 2 takes the weights of one.</param>
/// <param name="console">Where it is said what data Figure 2 opens.</param>
/// <param name="stop">Asks to stop while that is opened.</param>
internal sealed class ItemDrawing(
    ReproPlan plan,
    ItemResult result,
    RunStore store,
    string work,
    CommandConsole console,
    CancellationToken stop = default
)
{
    /// <summary>Pixels for each drawing unit.</summary>
    private const double PngScale = 2;

    /// <summary>Classes in Figure 5's map.</summary>
    private const int MapClasses = 3;

    private ReproItem Item => plan.Item;

    /// <summary>Extension and content of each file; none where there is nothing to show yet.</summary>
    public IEnumerable<(string Extension, byte[] Content)> Files()
    {
        var svg = Item.Figure.Kind switch
        {
            "dots" => Dots(),
            "lines" => Lines(),
            "time" => OverTime(),
            "training" => Training(),
            "method" => Method(),
            "classifier" => Figure5.Map(PlaneSupports.Around(MapClasses)),
            var kind => throw new UserErrorException(
                $"{Item.Id}: there is no figure of kind {kind}; dots, lines, time, training, method, classifier"
            ),
        };
        if (svg is not null)
        {
            yield return (".svg", Encoding.UTF8.GetBytes(svg + "\n"));
            yield return (".png", SvgImage.ToPng(svg, PngScale));
        }
        if (Item.Figure.Kind == "classifier")
        {
            yield return (".html", Encoding.UTF8.GetBytes(Figure5.Page()));
        }
    }

    private string? Dots()
    {
        string[] columns = Item.Figure.Columns.Count > 0 ? [.. Item.Figure.Columns] : [.. plan.Columns.Keys];
        var chart = new DotChart
        {
            Title = $"{Item.Name}: {Item.Title}",
            Unit = columns.Length == 1 ? plan.Columns[columns[0]].Label : Item.Figure.YLabel,
            Here = $"here, scale {plan.Scale.Name}",
            Rows =
            [
                .. from column in columns
                from cell in result.Cells
                where cell.Column == column
                let label = Item.Rows[cell.Row].Label
                select new DotRow(
                    columns.Length == 1 ? label : $"{label}, {plan.Columns[column].Short ?? plan.Columns[column].Label}",
                    cell.Known,
                    cell.Paper
                ),
            ],
        };
        return chart.IsEmpty ? null : chart.ToSvg();
    }

    private string? Lines()
    {
        var figure = Item.Figure;
        var lines = result.Cells.GroupBy(cell => Item.Rows[cell.Row].Series ?? Item.Rows[cell.Row].Label);
        var chart = new SeriesChart
        {
            Title = $"{Item.Name}: {Item.Title}",
            XLabel = figure.XLabel,
            YLabel = figure.YLabel,
            LogX = figure.Log,
            Series =
            [
                .. lines.Select(
                    (line, i) =>
                        new SeedSeries
                        {
                            Name = line.Key,
                            Hue = i % Theme.HueCount,
                            Points =
                            [
                                .. line.Where(cell => cell.Known.Length > 0 && cell.X.Any(x => x is not null))
                                    .Select(cell => new SeedPoint(cell.X.OfType<double>().Average(), cell.Known))
                                    .OrderBy(point => point.X),
                            ],
                        }
                ),
            ],
        };
        return chart.IsEmpty ? null : chart.ToSvg();
    }

    /// <summary>What each row reaches after so many minutes of training, and the paper's numbers as lines.</summary>
    private string? OverTime()
    {
        var chart = new SeriesChart
        {
            Title = $"{Item.Name}: {Item.Title}",
            XLabel = Item.Figure.XLabel,
            YLabel = Item.Figure.YLabel,
            Series =
            [
                .. plan
                    .Cells.DistinctBy(cell => cell.Row)
                    .SelectMany(cell =>
                        AccuracyOverTime.Of(Item.Rows[cell.Row].Label, [.. cell.Runs.Select(store.Find).OfType<FinishedRun>()])
                    ),
            ],
            References =
            [
                .. result
                    .Cells.Where(cell => cell.Paper is not null)
                    .Select(cell => new ReferenceLine(cell.Paper!.Value, $"{Item.Rows[cell.Row].Label} in the paper: {cell.Paper:0.0}")),
            ],
        };
        return chart.IsEmpty ? null : chart.ToSvg();
    }

    private string? Training()
    {
        MetricsLog[] seeds = [.. plan.Cells[0].Runs.Select(store.Find).OfType<FinishedRun>().Select(run => run.Metrics)];
        return seeds.Length == 0 ? null : Figure4.Draw(seeds);
    }

    /// <summary>One step of the first run with the weights that it ended with; null where it did not work here.</summary>
    private string? Method()
    {
        var directory = Path.Combine(work, plan.Cells[0].Runs[0].Key);
        return RunDirectory.HoldsRun(directory) ? Figure2.Draw(StepPictures.OfRun(directory, console, stop)) : null;
    }
}
