using Paws.Data;
using Paws.Data.Datasets;

namespace Paws.Runner.Config;

/// <summary>Which preset trains on a folder where the user names none: photographs are trained on otherwise than small images.</summary>
internal static class PresetChoice
{
    /// <summary>Images looked at: the first of the listing, their headers alone.</summary>
    public const int Images = 200;

    /// <summary>From this median of the shorter side on, in pixels, images are photographs.</summary>
    public const int Photograph = 64;

    /// <summary>The preset for what lies in a folder; null is the built-in set. A folder that cannot be listed is told later, when it is opened.</summary>
    public static string Of(string? folder)
    {
        if (folder is null || Cifar10Binary.IsIn(folder))
        {
            return Presets.Quick;
        }
        try
        {
            return OfSizes(ImageFolder.FirstSizes(folder, Images));
        }
        catch (DataException)
        {
            return Presets.Quick;
        }
    }

    /// <summary>The preset for images of these sizes; (0, 0) is one that cannot be read, and does not count.</summary>
    public static string OfSizes(IEnumerable<(int Width, int Height)> sizes)
    {
        List<double> shorter = [.. sizes.Select(size => (double)Math.Min(size.Width, size.Height)).Where(side => side > 0)];
        return shorter.Count > 0 && Median.Of(shorter) >= Photograph ? Presets.Photos : Presets.Quick;
    }
}
