"""The dashboard: Streamlit pages that read published marts only."""
