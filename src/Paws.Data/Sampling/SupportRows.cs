using Paws.Data.Loading;

namespace Paws.Data.Sampling;

/// <summary>Rows of labeled images in a plan.</summary>
internal static class SupportRows
{
    /// <summary>Writes view 1 of all supports, then view 2, …; returns the rows left over.</summary>
    public static Span<BatchRow> Write(Span<BatchRow> rows, int[] samples, int views, int step)
    {
        for (int view = 0; view < views; view++)
        for (int i = 0; i < samples.Length; i++)
            rows[view * samples.Length + i] = new BatchRow(samples[i], view, DrawOf(step));
        return rows[(views * samples.Length)..];
    }

    /// <summary>
    /// The number that stands for the epoch of a support: its step, below zero, so that a support never looks exactly like an
    /// unlabeled view of the same image.
    /// </summary>
    private static int DrawOf(int step) => -1 - step;
}
