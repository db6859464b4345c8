namespace Paws.Runner.Config;

/// <summary>
/// Batches of labeled images that are asked for larger than the labels there are. Such a batch takes all there are; where the user asked
/// for the number, that is said.
/// </summary>
internal static class LabeledBatches
{
    /// <summary>A sentence for each number that the user gave and the labels do not serve.</summary>
    /// <param name="config">As resolved.</param>
    /// <param name="given">Keys that the user gave.</param>
    /// <param name="labeled">Labeled images.</param>
    /// <param name="fewest">Labeled images of the class that has the fewest.</param>
    public static IEnumerable<string> Notes(PawsConfig config, IReadOnlySet<string> given, int labeled, int fewest)
    {
        (string Key, int Asked, int There, string Why)[] batches =
        [
            ("finetune.imgs_per_class", config.Finetune.ImgsPerClass, fewest, $"a class has {fewest} labeled"),
            ("finetune.batch_size", config.Finetune.BatchSize, labeled, $"there are {labeled} labeled"),
            ("baseline.batch_size", config.Baseline.BatchSize, labeled, $"there are {labeled} labeled"),
        ];
        foreach (var (key, asked, there, why) in batches)
        {
            if (given.Contains(key) && asked > there)
            {
                yield return $"{key} = {there} (not {asked}): {why} {(there == 1 ? "image" : "images")}";
            }
        }
    }
}
