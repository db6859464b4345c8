namespace Paws.Runner.Repro;

/// <summary>One table or figure of the paper, as its data file in paper-repro says. Rows and columns make cells, each of them a run.</summary>
public sealed class ReproItem
{
    /// <summary>table1 … table7, figure1 … figure8: the name of the file.</summary>
    public string Id { get; set; } = "";

    /// <summary>What it shows, in a few words.</summary>
    public string Title { get; set; } = "";

    /// <summary>What the paper concludes from it.</summary>
    public string Claim { get; set; } = "";

    /// <summary>Where the paper's numbers come from, or that they are not at hand.</summary>
    public string Source { get; set; } = "";

    /// <summary>What it would take to run it as published.</summary>
    public string Full { get; set; } = "";

    /// <summary>Which of a scale's bases its arms start from.</summary>
    public string Base { get; set; } = ReproScale.DefaultBase;

    /// <summary>Settings of all cells, <c>section.key</c> → value; see <see cref="ReproPlan"/> for what a value may be.</summary>
    public Dictionary<string, string> Set { get; set; } = [];

    /// <summary>Another item whose rows and settings are its own too; empty for none.</summary>
    public string RowsOf { get; set; } = "";

    /// <summary>Columns by name; one without a name where there are none.</summary>
    public Dictionary<string, ReproColumn> Columns { get; set; } = [];

    /// <summary>Rows by name, the arms.</summary>
    public Dictionary<string, ReproRow> Rows { get; set; } = [];

    /// <summary>The claim in parts that can be tested.</summary>
    public List<ReproStatement> Statements { get; set; } = [];

    /// <summary>How it is drawn.</summary>
    public ReproFigure Figure { get; set; } = new();

    /// <summary>Scales at which it is not run, and why.</summary>
    public Dictionary<string, string> Skip { get; set; } = [];

    /// <summary>What a reader of the results at a scale should know, sentences by the scale's name.</summary>
    public Dictionary<string, string> Remarks { get; set; } = [];

    /// <summary>Whether the paper's item is a figure.</summary>
    public bool IsFigure => Id.StartsWith("figure", StringComparison.Ordinal);

    /// <summary>Table 6, Figure 8.</summary>
    public string Name => IsFigure ? $"Figure {Id["figure".Length..]}" : $"Table {Id["table".Length..]}";
}

/// <summary>One column of a table.</summary>
public sealed class ReproColumn
{
    /// <summary>As printed.</summary>
    public string Label { get; set; } = "";

    /// <summary>Behind a row's label where a chart has several columns; the label where none is given.</summary>
    public string? Short { get; set; }

    /// <summary>What is read off a run, a name of <see cref="ReproMetric"/>.</summary>
    public string Metric { get; set; } = ReproMetric.Final;

    /// <summary>Settings of its cells.</summary>
    public Dictionary<string, string> Set { get; set; } = [];
}

/// <summary>One row of a table: an arm of the experiment.</summary>
public sealed class ReproRow
{
    /// <summary>As printed.</summary>
    public string Label { get; set; } = "";

    /// <summary>The method, a name that method.name takes.</summary>
    public string Method { get; set; } = "paws";

    /// <summary>Settings of its cells.</summary>
    public Dictionary<string, string> Set { get; set; } = [];

    /// <summary>The paper's numbers by column.</summary>
    public Dictionary<string, double> Paper { get; set; } = [];

    /// <summary>The line of a chart it is a point of; its label where none is given.</summary>
    public string? Series { get; set; }

    /// <summary>Where it stands on a chart's x axis: a number, or <c>x0.5</c> of the scale's value of the figure's key.</summary>
    public string? X { get; set; }

    /// <summary>Columns it has a cell in; all where none is named.</summary>
    public List<string> Only { get; set; } = [];
}

/// <summary>Part of a claim: a sum of cells, each times a factor, and where it must lie.</summary>
public sealed class ReproStatement
{
    /// <summary>In words.</summary>
    public string Says { get; set; } = "";

    /// <summary>Cell (row.column, or row where there is one column) → factor.</summary>
    public Dictionary<string, double> Contrast { get; set; } = [];

    /// <summary>Supported where the sum is above this.</summary>
    public double? Above { get; set; }

    /// <summary>Supported where the sum is below this.</summary>
    public double? Below { get; set; }

    /// <summary>Supported where the sum is nearer to zero than this.</summary>
    public double? Within { get; set; }
}

/// <summary>How an item is drawn.</summary>
public sealed class ReproFigure
{
    /// <summary>dots (a table's rows), lines (over numbers), time (accuracy while it trains), training (Figure 4), method (Figure 2) or classifier (Figure 5).</summary>
    public string Kind { get; set; } = "dots";

    /// <summary>The columns that are drawn; all where none is named.</summary>
    public List<string> Columns { get; set; } = [];

    /// <summary>What the x axis of lines is: <c>row</c> for the rows' own x, or a metric such as hours or epochs.</summary>
    public string X { get; set; } = "row";

    /// <summary>The x axis in words.</summary>
    public string XLabel { get; set; } = "";

    /// <summary>The y axis in words.</summary>
    public string YLabel { get; set; } = "top-1, %";

    /// <summary>Whether the x axis is logarithmic.</summary>
    public bool Log { get; set; }
}
