using System.Globalization;
using System.Text.RegularExpressions;

namespace Paws.Runner.Commands;

/// <summary>Tells the ways in which memory runs out apart from other failures, and which settings take less of it.</summary>
internal static partial class OutOfMemory
{
    /// <summary>The settings on which the memory of a step depends.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        "criterion.unsupervised_batch_size",
        "criterion.supervised_imgs_per_class",
        "criterion.classes_per_batch",
        "data.multicrop",
        "views.large_size",
        "views.small_size",
        "meta.model_name",
    ];

    /// <summary>One line, or null where memory is not what is lacking.</summary>
    public static string? Describe(Exception e)
    {
        var text = e.Message;
        string? what =
            Cuda().Match(text) is { Success: true } gpu ? $"the GPU's memory ({gpu.Groups[1].Value} more were needed)"
            : text.Contains("CUDA out of memory", StringComparison.Ordinal)
            || text.Contains("CUDNN_STATUS_ALLOC_FAILED", StringComparison.Ordinal)
            || text.Contains("CUBLAS_STATUS_ALLOC_FAILED", StringComparison.Ordinal)
                ? "the GPU's memory"
            : Cpu().Match(text) is { Success: true } tensor ? $"memory (a tensor of {Size(tensor.Groups[1].Value)} was needed)"
            : e is OutOfMemoryException || IsNative(text) ? "memory"
            : IsTooLong(e) ? "what a single block of memory can hold (2\u00b3\u00b9 elements)"
            : null;
        return what is null
            ? null
            : $"{what} ran out; start again, with another --out, with a lower {string.Join(", ", Keys.Take(Keys.Count - 1))}, or a smaller {Keys[^1]}";
    }

    private static bool IsNative(string text) =>
        text.Contains("std::bad_alloc", StringComparison.Ordinal)
        || text.Contains("DefaultCPUAllocator", StringComparison.Ordinal)
        || text.Contains("Storage size calculation overflowed", StringComparison.Ordinal)
        || text.Contains("Cannot allocate memory", StringComparison.OrdinalIgnoreCase);

    /// <summary>.NET counts the elements of an array or a span in 32 bits.</summary>
    private static bool IsTooLong(Exception e) =>
        e.Message.Contains("Span only supports up to int.MaxValue", StringComparison.Ordinal)
        || e.Message.Contains("Array dimensions exceeded supported range", StringComparison.Ordinal);

    private static string Size(string bytes) =>
        double.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? string.Create(CultureInfo.InvariantCulture, $"{count / (1 << 30):0.0} GiB")
            : $"{bytes} bytes";

    [GeneratedRegex(@"Tried to allocate ([0-9.]+ [KMGT]iB)")]
    private static partial Regex Cuda();

    [GeneratedRegex(@"tried to allocate ([0-9]+) bytes")]
    private static partial Regex Cpu();
}
