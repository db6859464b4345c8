using Paws.Data.Loading;

namespace Paws.Data.Sampling;

/// <summary>Rows of labeled images in a plan.</summary>
internal static class SupportRows
{
    /// <summary>The rows of all mini-batches, one after the other, each view by view; and the classes of one view of each.</summary>
    public static (BatchRow[] Rows, int[] Classes) All(IReadOnlyList<SupportSampler> samplers, int views, int step)
    {
        var rows = new List<BatchRow>();
        var classes = new List<int>();
        for (int batch = 0; batch < samplers.Count; batch++)
        {
            var draw = samplers[batch].At(step);
            classes.AddRange(draw.Classes);
            // An image may be in several mini-batches of a step, and should look different in each.
            for (int view = batch * views; view < (batch + 1) * views; view++)
                foreach (int sample in draw.Samples)
                    rows.Add(new BatchRow(sample, view, DrawOf(step)));
        }
        return ([.. rows], [.. classes]);
    }

    /// <summary>
    /// The number that stands for the epoch of a labeled image: its step (or pass), below zero, so that a support never looks exactly like an
    /// unlabeled view of the same image.
    /// </summary>
    public static int DrawOf(int step) => -1 - step;
}
