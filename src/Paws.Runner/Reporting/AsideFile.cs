using System.Text;

namespace Paws.Runner.Reporting;

/// <summary>Files that are there whole or not at all: written aside under another name, then renamed.</summary>
internal static class AsideFile
{
    public static void WriteText(string path, string text) => WriteBytes(path, new UTF8Encoding(false).GetBytes(text));

    public static void WriteBytes(string path, byte[] bytes)
    {
        string aside = path + ".part";
        try
        {
            File.WriteAllBytes(aside, bytes);
            File.Move(aside, path, overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }
}
