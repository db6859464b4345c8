using Paws.Data.Datasets;

namespace Paws.Data;

/// <summary>Something about the user's data is wrong. The message is one line: what is wrong, where, and what to do about it.</summary>
public sealed class DataException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The image that cannot be read, where that is what is wrong; else null.</summary>
    public SkippedImage? Image { get; private init; }

    /// <summary>An image cannot be read.</summary>
    /// <param name="image">Its path or name, and what is wrong with it.</param>
    public static DataException Unreadable(SkippedImage image) =>
        new($"{image.Name} cannot be read: {image.Reason}. Replace or delete it, or skip such images with data.skip_bad_images.")
        {
            Image = image,
        };
}
