using System.Globalization;
using Paws.Runner.Config;

namespace Paws.Runner.Repro;

/// <summary>
/// What an item asks for at a scale: the run of each cell and seed. A cell's configuration is the scale's base, then the scale's
/// settings of the row's method, then the settings of item, column and row. A value is a word of the configuration, or <c>$name</c>,
/// one of the scale's values, or <c>x0.5</c>, so many times what stands there.
/// </summary>
public sealed class ReproPlan
{
    /// <summary>The only column of an item that names none.</summary>
    private const string SingleColumn = "value";

    /// <param name="item">The table or figure.</param>
    /// <param name="scale">At which scale.</param>
    /// <param name="seeds">Seeds 0 … seeds − 1 of each arm.</param>
    /// <exception cref="UserErrorException">A data file names a setting, value, metric or cell that is not there.</exception>
    public ReproPlan(ReproItem item, ReproScale scale, int seeds)
    {
        (Item, Scale, Seeds) = (item, scale, seeds);
        Columns = item.Columns.Count > 0 ? item.Columns : new() { [SingleColumn] = new ReproColumn { Label = "top-1, %" } };
        Cells =
        [
            .. from row in item.Rows
            from column in Columns
            where row.Value.Only.Count == 0 || row.Value.Only.Contains(column.Key)
            select new ReproCell(
                row.Key,
                column.Key,
                item.Columns.Count > 0 ? $"{row.Key}.{column.Key}" : row.Key,
                column.Value.Metric,
                [.. Enumerable.Range(0, seeds).Select(seed => new ReproRun(Configure(row.Value, column.Value, seed)))]
            ),
        ];
        Check();
    }

    /// <summary>The table or figure.</summary>
    public ReproItem Item { get; }

    /// <summary>The scale.</summary>
    public ReproScale Scale { get; }

    /// <summary>Seeds of each arm.</summary>
    public int Seeds { get; }

    /// <summary>Columns by name, at least one.</summary>
    public IReadOnlyDictionary<string, ReproColumn> Columns { get; }

    /// <summary>Row by row.</summary>
    public IReadOnlyList<ReproCell> Cells { get; }

    /// <summary>A value of the scale, or the word itself.</summary>
    public static string Value(ReproScale scale, string word) =>
        !word.StartsWith('$') ? word
        : scale.Values.TryGetValue(word[1..], out var value) ? value
        : throw new UserErrorException(
            $"scale {scale.Name} has no value {word}; it has {string.Join(", ", scale.Values.Keys.Select(k => "$" + k))}"
        );

    private PawsConfig Configure(ReproRow row, ReproColumn column, int seed)
    {
        if (!Scale.Bases.TryGetValue(Item.Base, out var start) && !Scale.Bases.TryGetValue(ReproScale.DefaultBase, out start))
        {
            throw new UserErrorException($"scale {Scale.Name} has no base {Item.Base}");
        }
        var config = Lay(new PawsConfig(), start);
        config = config with { Method = config.Method with { Name = row.Method } };
        foreach (
            var layer in (Dictionary<string, string>[])[Scale.Methods.GetValueOrDefault(row.Method) ?? [], Item.Set, column.Set, row.Set]
        )
        {
            config = Lay(config, layer);
        }
        return config with { Meta = config.Meta with { Seed = seed } };
    }

    private PawsConfig Lay(PawsConfig config, Dictionary<string, string> settings) =>
        ConfigLoader.Refine(config, settings.Select(pair => $"{pair.Key}={Times(config, pair.Key, Value(Scale, pair.Value))}"), null);

    /// <summary><c>x0.5</c> as a number: so many times what the configuration has now, rounded where whole numbers are asked for.</summary>
    private static string Times(PawsConfig config, string path, string value)
    {
        if (!value.StartsWith('x') || !double.TryParse(value.AsSpan(1), NumberStyles.Float, CultureInfo.InvariantCulture, out var factor))
        {
            return value;
        }
        var now = ConfigSchema.Find(path)?.Get(config);
        return now switch
        {
            int whole => ((int)Math.Max(1, Math.Round(factor * whole, MidpointRounding.AwayFromZero))).ToString(
                CultureInfo.InvariantCulture
            ),
            double number => (factor * number).ToString("R", CultureInfo.InvariantCulture),
            _ => throw new UserErrorException($"{path}: {value} needs a number to multiply, and it has {ConfigWriter.Format(now)}"),
        };
    }

    private void Check()
    {
        foreach (var column in Columns.Values.Where(c => !ReproMetric.Names.Contains(c.Metric)))
        {
            throw new UserErrorException(
                $"{Item.Id}: there is no metric {column.Metric}; there are {string.Join(", ", ReproMetric.Names)}"
            );
        }
        var names = Cells.Select(c => c.Name).ToHashSet();
        foreach (var unknown in Item.Statements.SelectMany(s => s.Contrast.Keys).Where(cell => !names.Contains(cell)))
        {
            throw new UserErrorException($"{Item.Id}: there is no cell {unknown}; there are {string.Join(", ", names)}");
        }
    }
}

/// <summary>A cell of a table: what is read off which runs.</summary>
/// <param name="Row">Name of its row.</param>
/// <param name="Column">Name of its column.</param>
/// <param name="Name">How statements name it.</param>
/// <param name="Metric">What is read, a name of <see cref="ReproMetric"/>.</param>
/// <param name="Runs">One a seed.</param>
public sealed record ReproCell(string Row, string Column, string Name, string Metric, IReadOnlyList<ReproRun> Runs);
