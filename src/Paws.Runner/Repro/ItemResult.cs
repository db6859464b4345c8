using System.Text.Json;
using System.Text.Json.Serialization;

namespace Paws.Runner.Repro;

/// <summary>What came of a table or figure at a scale: numbers, spread, the paper's numbers, verdicts. Its JSON is all that the results page needs.</summary>
public sealed record ItemResult
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>table6, figure8.</summary>
    public required string Id { get; init; }

    /// <summary>Name of the scale.</summary>
    public required string Scale { get; init; }

    /// <summary>Seeds asked for.</summary>
    public required int Seeds { get; init; }

    /// <summary>Runs it reads.</summary>
    public required int Runs { get; init; }

    /// <summary>Of them, those that have ended.</summary>
    public required int Finished { get; init; }

    /// <summary>The whole claim.</summary>
    public required Outcome Outcome { get; init; }

    /// <summary>Its parts.</summary>
    public required IReadOnlyList<StatementResult> Statements { get; init; }

    /// <summary>Row by row.</summary>
    public required IReadOnlyList<CellResult> Cells { get; init; }

    /// <summary>Processors or accelerators that the runs were on.</summary>
    public required IReadOnlyList<string> Hardware { get; init; }

    /// <summary>Seconds of training of all its runs together.</summary>
    public required double Seconds { get; init; }

    /// <summary>Commits of the source that the runs were made with.</summary>
    public required IReadOnlyList<string> Commits { get; init; }

    /// <summary>Whether there is something to see: a run that has ended, or a drawing that needs none.</summary>
    [JsonIgnore]
    public bool Shows => Finished > 0 || Runs == 0;

    /// <summary>Reads off the records what a plan's cells show.</summary>
    public static ItemResult Of(ReproPlan plan, RunStore store)
    {
        CellResult[] cells = [.. plan.Cells.Select(cell => CellResult.Of(plan, cell, store))];
        StatementResult[] statements = [.. plan.Item.Statements.Select(s => StatementResult.Of(s, cells))];
        ReproRun[] runs = [.. plan.Cells.SelectMany(c => c.Runs).DistinctBy(r => r.Key)];
        FinishedRun[] finished = [.. runs.Select(store.Find).OfType<FinishedRun>()];
        return new ItemResult
        {
            Id = plan.Item.Id,
            Scale = plan.Scale.Name,
            Seeds = plan.Seeds,
            Runs = runs.Length,
            Finished = finished.Length,
            Outcome = Verdict.All([.. statements.Select(s => s.Outcome)]),
            Statements = statements,
            Cells = cells,
            Hardware = [.. finished.Select(r => r.Text("hardware")).OfType<string>().Distinct().Order(StringComparer.Ordinal)],
            Seconds = Math.Round(finished.Sum(r => r.TrainingSeconds), 1),
            Commits = [.. finished.Select(r => r.Text("commit")).OfType<string>().Distinct().Order(StringComparer.Ordinal)],
        };
    }

    /// <summary>As a file.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options) + "\n";

    /// <summary>Reads it back.</summary>
    /// <exception cref="UserErrorException">The file is not one of these.</exception>
    public static ItemResult Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<ItemResult>(File.ReadAllText(path), Options)!;
        }
        catch (JsonException e)
        {
            throw new UserErrorException($"{path} is not a result of paws repro; remove it and run its item again", e);
        }
    }
}

/// <summary>A cell's numbers.</summary>
/// <param name="Row">Name of its row.</param>
/// <param name="Column">Name of its column.</param>
/// <param name="Name">How statements name it.</param>
/// <param name="Values">The metric for each seed; null where its run has not ended or did not measure it.</param>
/// <param name="X">Where it stands on a chart's x axis, for each seed; empty where the figure has no such axis.</param>
/// <param name="Paper">The paper's number; null where there is none at hand.</param>
public sealed record CellResult(
    string Row,
    string Column,
    string Name,
    IReadOnlyList<double?> Values,
    IReadOnlyList<double?> X,
    double? Paper
)
{
    /// <summary>The values that are there.</summary>
    [JsonIgnore]
    public double[] Known => [.. Values.OfType<double>()];

    internal static CellResult Of(ReproPlan plan, ReproCell cell, RunStore store)
    {
        var (row, figure) = (plan.Item.Rows[cell.Row], plan.Item.Figure);
        FinishedRun?[] finished = [.. cell.Runs.Select(store.Find)];
        var own = row.X is { } x
            ? double.Parse(ReproPlan.Value(plan.Scale, x), System.Globalization.CultureInfo.InvariantCulture)
            : (double?)null;
        return new CellResult(
            cell.Row,
            cell.Column,
            cell.Name,
            [.. finished.Select(run => Rounded(run is null ? null : ReproMetric.Read(cell.Metric, run)))],
            figure.Kind != "lines" ? []
                : figure.X == "row" ? [.. finished.Select(_ => own)]
                : [.. finished.Select(run => Rounded(run is null ? null : ReproMetric.Read(figure.X, run)))],
            row.Paper.TryGetValue(cell.Column, out var paper) ? paper : null
        );
    }

    private static double? Rounded(double? value) => value is { } v ? Math.Round(v, 4) : null;
}

/// <summary>What came of one statement.</summary>
/// <param name="Says">In words.</param>
/// <param name="Outcome">The verdict.</param>
/// <param name="Mean">Mean of its contrast.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end.</param>
/// <param name="Seeds">Seeds that have all cells.</param>
public sealed record StatementResult(string Says, Outcome Outcome, double Mean, double Low, double High, int Seeds)
{
    internal static StatementResult Of(ReproStatement statement, IReadOnlyList<CellResult> cells)
    {
        var byName = cells.ToDictionary(c => c.Name);
        var seeds = cells.Count == 0 ? 0 : cells[0].Values.Count;
        double[] contrasts =
        [
            .. from seed in Enumerable.Range(0, seeds)
            where statement.Contrast.Keys.All(cell => byName[cell].Values[seed] is not null)
            select statement.Contrast.Sum(term => term.Value * byName[term.Key].Values[seed]!.Value),
        ];
        var verdict = Verdict.Of(statement, contrasts);
        return new StatementResult(statement.Says, verdict.Outcome, verdict.Mean, verdict.Low, verdict.High, verdict.Seeds);
    }
}
