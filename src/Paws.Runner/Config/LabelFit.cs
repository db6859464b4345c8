namespace Paws.Runner.Config;

/// <summary>
/// A number of labels for the classes there are. What says so many a class where a class has fewer images is shared out instead, so
/// that the number in all stays; what a preset says is bounded by the images there are.
/// </summary>
internal static class LabelFit
{
    /// <summary>The configuration that the images can serve. It draws the same images as before wherever that was possible.</summary>
    /// <param name="config">As loaded.</param>
    /// <param name="asked">What the user asked for; a number a class of the user's own stays, and is refused where it cannot be had.</param>
    /// <param name="sizes">Training images of each class.</param>
    public static PawsConfig Of(PawsConfig config, AskedSettings asked, IReadOnlyList<int> sizes)
    {
        var data = config.Data;
        bool counted =
            data.LabelFile is null && (data.Labels is null ? data.LabelsPerClass is not null : LabelNumber.Parse(data.Labels) is not null);
        bool own = asked.Labels is null && (asked.Keys.Contains("data.labels_per_class") || asked.Keys.Contains("data.labels"));
        if (!counted || own)
        {
            return config;
        }
        int total = asked.Labels ?? data.LabelsPerClass * sizes.Count ?? LabelNumber.Parse(data.Labels!)!.Value;
        if (total % sizes.Count == 0 && sizes.Min() >= total / sizes.Count)
        {
            return With(null, total / sizes.Count);
        }
        return With(asked.Labels is null && total >= sizes.Sum() ? LabelNumber.All : ConfigWriter.Format(total), null);

        PawsConfig With(string? labels, int? perClass) => config with { Data = data with { Labels = labels, LabelsPerClass = perClass } };
    }
}
