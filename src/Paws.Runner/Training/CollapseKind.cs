namespace Paws.Runner.Training;

/// <summary>What has become the same for all images, as results call it.</summary>
internal static class CollapseKind
{
    /// <summary>Predictions, and they are uniform.</summary>
    public const string Uniform = "uniform";

    /// <summary>Predictions, and they are one class.</summary>
    public const string OneClass = "one class";

    /// <summary>Embeddings, where a method predicts no classes.</summary>
    public const string Embeddings = "embeddings";

    /// <summary>What it means, behind "since step N …" and before the figures.</summary>
    public static string InWords(string kind) =>
        kind switch
        {
            Uniform => "all predictions are uniform",
            OneClass => "all images are predicted alike, as one class",
            _ => "the embeddings of all images are nearly one point, or lie nearly on one line",
        };
}
