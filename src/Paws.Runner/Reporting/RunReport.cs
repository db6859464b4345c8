using System.Text.Json.Nodes;

namespace Paws.Runner.Reporting;

/// <summary>Everything report.html shows, besides metrics.jsonl, which is read from the run directory.</summary>
public sealed record RunReport
{
    /// <summary>Title, such as "PAWS on shapes, 25 labels a class".</summary>
    public required string Title { get; init; }

    /// <summary>Class names.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Test images of class row predicted as class column, by PAWS-NN or the method's classifier.</summary>
    public required int[][] Confusion { get; init; }

    /// <summary>The figures of the result, in order of display: name and value, already formatted.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Figures { get; init; }

    /// <summary>Embeddings of test images, n rows of d numbers, for the 2-D projection.</summary>
    public required float[][] Embeddings { get; init; }

    /// <summary>The class of each of those.</summary>
    public required int[] EmbeddingLabels { get; init; }

    /// <summary>Views as the network sees them (normalisation undone): one row an image, one column a view; RGB bytes.</summary>
    public required IReadOnlyList<IReadOnlyList<ViewPicture>> Views { get; init; }

    /// <summary>Resolved configuration as YAML.</summary>
    public required string Configuration { get; init; }

    /// <summary>Versions and machine: name and value.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; }

    /// <summary>What is said before all else of a run that has collapsed, or had; null of others.</summary>
    public CollapseNotice? Collapse { get; init; }

    /// <summary>The result as printed by --json.</summary>
    public required JsonObject Result { get; init; }
}

/// <summary>A square picture: interleaved RGB, size · size · 3 bytes.</summary>
public sealed record ViewPicture(byte[] Pixels, int Size, string Caption);
